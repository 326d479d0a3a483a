/** Which fields of an object a server complains about. */
import { isStatusError } from '../../lib/status-error.ts';

/** As many places as are told; more would hide the message. */
const maxPlaces = 10;

/**
 * Paths such as `spec.containers[0].image`, each once: those of an object that is invalid, or unknown and duplicate fields that
 * strict decoding names in its message. Empty for every other failure.
 */
export function refusedFields(error: unknown): readonly string[] {
  if (!isStatusError(error)) return [];
  const causes = (error.details?.causes ?? []).flatMap(({ field }) => (field ? [field] : []));
  const unknown =
    error.message.startsWith('strict decoding error: ') || error.message.includes(': strict decoding error: ')
      ? [...error.message.matchAll(/(?:unknown|duplicate) field "((?:[^"\\]|\\.)+)"/g)].map((match) => match[1] ?? '')
      : [];
  return [...new Set([...causes, ...unknown])].slice(0, maxPlaces);
}
