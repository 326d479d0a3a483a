/** From a request's bytes to a JSON value: JSON, YAML or protobuf (kubectl from 1.32 on sends the last). */
import { decodeEnvelope, decodeProtobuf } from '../../api/schema/decode-protobuf.ts';
import type { MessageType } from '../../api/schema/field.ts';
import { type ParsedJson, parseJson } from '../../api/schema/json-text.ts';
import { StatusError } from '../../lib/status-error.ts';
import { parseMediaType } from './media-type.ts';
import { parseYamlBody } from './parse-yaml-body.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const bodyTypes = ['application/json', 'application/yaml', protobuf];

/** What a protobuf body may hold, by the kind that it names; undefined for a kind that is not taken here. */
export type FindMessage = (apiVersion: string, kind: string) => MessageType | undefined;

/**
 * The value of a body; undefined when it is empty. A missing content type means JSON.
 *
 * @throws StatusError BadRequest when it cannot be read, UnsupportedMediaType
 */
export function decodeBody(body: Buffer, contentType: string | undefined, findMessage: FindMessage): ParsedJson {
  if (body.length === 0) return { value: undefined, duplicateFields: [] };
  const { type } = parseMediaType(contentType || 'application/json');
  switch (type) {
    case 'application/json':
    // Go's and curl's defaults for a body whose kind nobody stated.
    case 'application/octet-stream':
    case 'application/x-www-form-urlencoded':
      return parseJson(decodeText(body));
    case 'application/yaml':
    case 'application/x-yaml':
    case 'text/yaml':
      return parseYamlBody(decodeText(body));
    case protobuf:
      return { value: parseProtobuf(body, findMessage), duplicateFields: [] };
    default:
      throw unsupportedMediaType(bodyTypes);
  }
}

/** The refusal of a content type, naming those that are taken. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** @throws StatusError BadRequest */
export function decodeText(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new StatusError('BadRequest', 'the object provided is unrecognized: invalid UTF-8', { cause });
  }
}

function parseProtobuf(body: Buffer, findMessage: FindMessage): unknown {
  const { apiVersion, kind, raw } = decodeEnvelope(body);
  const message = findMessage(apiVersion, kind);
  if (!message) {
    throw new StatusError(
      'BadRequest',
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
    );
  }
  return { ...decodeProtobuf(message, raw), apiVersion, kind };
}
