/** The options of a write, as they stand in a request's query and headers. */
import type { FieldError } from '../api/schema/kind.ts';
import type { Exchange } from './http/exchange.ts';
import { readText } from './http/query.ts';
import type { FieldValidation, WriteContext } from './registry/context.ts';
import { invalid } from './registry/errors.ts';

/** Kubernetes' bound (FieldManagerMaxLength). */
const maxManagerLength = 128;
/** Headers are bounded; more warnings than this are not sent. */
const maxWarnings = 32;
const fieldValidations: readonly FieldValidation[] = ['Strict', 'Warn', 'Ignore'];

/**
 * Who writes what how; warnings become headers of the response.
 *
 * @param optionsKind `CreateOptions`, `UpdateOptions` or `PatchOptions`, for the words of a refusal
 * @param duplicateFields keys that came twice in the body
 * @param patch whether a patch is an apply, which must name its manager and alone may be forced
 * @throws StatusError Invalid for values that Kubernetes does not know
 */
export function readWriteContext(
  exchange: Exchange,
  optionsKind: string,
  duplicateFields: readonly string[] = [],
  patch?: 'apply' | 'other',
): WriteContext {
  const { query, request, response, user } = exchange;
  const fieldManager = readText(query, 'fieldManager');
  const fieldValidation = readText(query, 'fieldValidation') ?? 'Warn';
  const validation = fieldValidations.find((known) => known === fieldValidation);
  const errors = [
    ...patchErrors(query, fieldManager, patch),
    ...(validation ? [] : [notSupported('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn'])]),
    ...managerErrors(fieldManager),
  ];
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: optionsKind }, '', errors);
  let warnings = 0;
  return {
    user,
    fieldManager: fieldManager ?? managerFromUserAgent(request.headers['user-agent']),
    dryRun: readDryRun(exchange, optionsKind),
    fieldValidation: validation ?? 'Warn',
    duplicateFields,
    warn: (message) => {
      warnings += 1;
      if (warnings <= maxWarnings) response.appendHeader('Warning', `299 - ${quote(message)}`);
    },
  };
}

/**
 * Whether nothing is to be changed. Whoever asks keeps to it: the record of what people do leaves dry runs out.
 *
 * @throws StatusError Invalid for anything but `dryRun=All`
 */
export function readDryRun({ query, notes }: Pick<Exchange, 'query' | 'notes'>, optionsKind: string): boolean {
  const values = query.getAll('dryRun').filter((value) => value !== '');
  const wrong = values.find((value) => value !== 'All');
  if (wrong === undefined) {
    if (values.length > 0 && notes) notes.isDryRun = true;
    return values.length > 0;
  }
  throw invalid({ group: 'meta.k8s.io', kind: optionsKind }, '', [notSupported('dryRun', wrong, ['All'])]);
}

function notSupported(field: string, value: string, supported: readonly string[]): FieldError {
  const list = supported.map((each) => JSON.stringify(each)).join(', ');
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
  };
}

function patchErrors(
  query: URLSearchParams,
  fieldManager: string | undefined,
  patch: 'apply' | 'other' | undefined,
): FieldError[] {
  if (patch === 'apply' && fieldManager === undefined) {
    const message = 'Required value: is required for apply patch';
    return [{ field: 'fieldManager', reason: 'FieldValueRequired', message }];
  }
  if (patch !== 'other' || !query.has('force')) return [];
  const message = 'Forbidden: may not be specified for non-apply patch';
  return [{ field: 'force', reason: 'FieldValueForbidden', message }];
}

function managerErrors(manager: string | undefined): FieldError[] {
  if (manager === undefined || manager.length <= maxManagerLength) return [];
  return [
    {
      field: 'fieldManager',
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${maxManagerLength} bytes`,
    },
  ];
}

/** The first part of the user agent, as Kubernetes names a manager that did not name itself. */
function managerFromUserAgent(userAgent: string | undefined): string {
  const first = (userAgent ?? '').split('/')[0] ?? '';
  return first.replace(/[^\x20-\x7e]/g, '').slice(0, maxManagerLength) || 'unknown';
}

/** As a quoted string of RFC 9110; what a header cannot hold is left out. */
function quote(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/(["\\])/g, '\\$1')}"`;
}
