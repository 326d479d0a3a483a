/** Variables of containers as docker writes them: `NAME=VALUE`, `NAME`, and files of such lines. Pure. */
import type { EnvVar } from '../../api/kinds/pod/types.ts';
import { UsageError } from '../usage-error.ts';

/**
 * Reads `NAME=VALUE`; `NAME` alone takes the value of `surroundings`, and is left out when there is none.
 *
 * @param what the flag or file, for messages
 * @throws UsageError for a name that no variable can have
 */
export function parseEnv(
  text: string,
  what: string,
  surroundings: Readonly<Record<string, string | undefined>>,
): readonly EnvVar[] {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  // As Kubernetes takes them: printable ASCII.
  if (!/^[ -<>-~]+$/.test(name)) throw new UsageError(`invalid ${what} "${text}"`, 'written as NAME=VALUE, or NAME');
  const value = at < 0 ? surroundings[name] : text.slice(at + 1);
  return value === undefined ? [] : [{ name, value }];
}

/** The variables of a file: one a line, `#` begins a line that is none. Values are taken as they are, quotes included. */
export function parseEnvFile(
  text: string,
  what: string,
  surroundings: Readonly<Record<string, string | undefined>>,
): readonly EnvVar[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => parseEnv(line, what, surroundings));
}

/** Each name once, with its last value; in the order of the first. */
export function lastOfEach(variables: readonly EnvVar[]): readonly EnvVar[] {
  return [...new Map(variables.map((variable) => [variable.name, variable])).values()];
}
