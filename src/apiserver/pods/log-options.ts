/** The query of `pods/NAME/log` (`v1.PodLogOptions`). */
import type { FieldError } from '../../api/schema/kind.ts';
import { readBoolean, readInteger, readText } from '../http/query.ts';
import type { LogOptions } from '../pod-streams.ts';
import { invalid } from '../registry/errors.ts';

/** @throws StatusError BadRequest for what is no number, Invalid for numbers and times that make no sense */
export function parseLogOptions(query: URLSearchParams): LogOptions {
  const tailLines = readInteger(query, 'tailLines');
  const sinceSeconds = readInteger(query, 'sinceSeconds');
  const limitBytes = readInteger(query, 'limitBytes');
  const sinceTime = readText(query, 'sinceTime');
  const errors = [
    ...atLeast('tailLines', tailLines, 0, 'must be greater than or equal to 0'),
    ...atLeast('limitBytes', limitBytes, 1, 'must be greater than 0'),
    ...atLeast('sinceSeconds', sinceSeconds, 1, 'must be greater than 0'),
    ...timeErrors(sinceTime, sinceSeconds),
  ];
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, '', errors);
  return {
    follow: readBoolean(query, 'follow') ?? false,
    previous: readBoolean(query, 'previous') ?? false,
    timestamps: readBoolean(query, 'timestamps') ?? false,
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

function atLeast(field: string, value: number | undefined, minimum: number, rule: string): FieldError[] {
  if (value === undefined || value >= minimum) return [];
  return [{ field, reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${rule}` }];
}

function timeErrors(sinceTime: string | undefined, sinceSeconds: number | undefined): FieldError[] {
  if (sinceTime === undefined) return [];
  if (sinceSeconds !== undefined) {
    return [
      {
        field: '',
        reason: 'FieldValueForbidden',
        message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
      },
    ];
  }
  if (!Number.isNaN(Date.parse(sinceTime))) return [];
  return [
    {
      field: 'sinceTime',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(sinceTime)}: must be a time as in RFC 3339`,
    },
  ];
}
