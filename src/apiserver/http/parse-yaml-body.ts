/** A YAML body as a value; what is wrong with it is the client's to know. */
import type { ParsedJson } from '../../api/schema/json-text.ts';
import { parseYaml, YamlError } from '../../lib/kubernetes-yaml.ts';
import { StatusError } from '../../lib/status-error.ts';

/** @throws StatusError BadRequest for text that is no YAML, RequestEntityTooLarge for a document that grows too large */
export function parseYamlBody(text: string): ParsedJson {
  try {
    return { value: parseYaml(text), duplicateFields: [] };
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    const { message, line, isTooLarge } = cause;
    if (isTooLarge) throw new StatusError('RequestEntityTooLarge', message, { cause });
    const place = line === undefined ? '' : `line ${line + 1}: `;
    throw new StatusError('BadRequest', `the object provided is unrecognized: invalid YAML: ${place}${message}`, {
      cause,
    });
  }
}
