/** What `eli set env` is told, and what it makes of the variables of a container. Pure; the words are kubectl's. */
import type { EnvVar } from '../../api/kinds/pod/types.ts';
import { UsageError } from '../usage-error.ts';

/** Variables to set, in order, and to take away. */
export interface EnvChanges {
  readonly set: readonly EnvVar[];
  /** Names. */
  readonly remove: readonly string[];
}

/** Stands for lines on stdin. */
const stdinMark = '-';

/** Whether the variables are read from stdin too. */
export function readsEnvFromStdin(changes: readonly string[]): boolean {
  return changes.includes(stdinMark);
}

/** @throws UsageError when a resource comes after a change */
export function splitEnvChanges(args: readonly string[]): {
  readonly resources: readonly string[];
  readonly changes: readonly string[];
} {
  const isChange = (arg: string): boolean => arg.indexOf('=') > 0 || arg.endsWith('-');
  const first = args.findIndex(isChange);
  const changes = first < 0 ? [] : args.slice(first);
  if (!changes.every(isChange)) {
    throw new UsageError(`all resources must be specified before environment changes: ${args.join(' ')}`);
  }
  return { resources: first < 0 ? args : args.slice(0, first), changes };
}

/**
 * Reads `NAME=VALUE`, `NAME-`, and for `-` the lines of `stdin`.
 *
 * @throws UsageError for a name that no variable can have, and when one is both set and removed
 */
export function parseEnvChanges(changes: readonly string[], stdin: string): EnvChanges {
  const set = changes.flatMap((change): readonly EnvVar[] => {
    if (change === stdinMark) return stdin.split(/\r?\n/).flatMap(parseLine);
    return change.includes('=') ? [parsePair(change)] : [];
  });
  const remove = changes
    .filter((change) => change !== stdinMark && !change.includes('='))
    .map((change) => change.slice(0, -1));
  if (remove.some((name) => set.some((variable) => variable.name === name))) {
    throw new UsageError('can not both modify and remove the same environment variable in the same command');
  }
  return { set, remove };
}

/** Of a line of stdin; what follows a `#` is a remark. */
function parseLine(line: string): readonly EnvVar[] {
  const text = line.replace(/#.*/, '');
  return text.includes('=') ? [parsePair(text)] : [];
}

function parsePair(pair: string): EnvVar {
  const at = pair.indexOf('=');
  const name = pair.slice(0, at);
  if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) {
    throw new UsageError(
      `"${name}" is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`,
    );
  }
  return { name, value: pair.slice(at + 1) };
}

/** The variables afterwards: those that were there in their order, then the new ones, each once. */
export function changeEnv(existing: readonly EnvVar[], { set, remove }: EnvChanges): readonly EnvVar[] {
  const done = new Set(remove);
  const take = (variable: EnvVar): readonly EnvVar[] => {
    if (done.has(variable.name)) return [];
    const newer = set.find(({ name }) => name === variable.name);
    if (newer === undefined) return [variable];
    done.add(variable.name);
    return [newer];
  };
  return [...existing.flatMap(take), ...set.flatMap(take)];
}

/** One line for a variable: `A=1`, or where its value comes from. */
export function describeEnv({ name, value = '', valueFrom: from }: EnvVar): string {
  if (from === undefined) return `${name}=${value}`;
  return `# ${name} from ${sourceOf(from)}`;
}

function sourceOf({
  configMapKeyRef,
  resourceFieldRef,
  secretKeyRef,
  fieldRef,
}: NonNullable<EnvVar['valueFrom']>): string {
  if (configMapKeyRef) return `configmap ${configMapKeyRef.name}, key ${configMapKeyRef.key}`;
  if (resourceFieldRef) {
    const { containerName, resource } = resourceFieldRef;
    return `resource field ${containerName ? `${containerName}/` : ''}${resource}`;
  }
  if (secretKeyRef) return `secret ${secretKeyRef.name}, key ${secretKeyRef.key}`;
  return fieldRef ? `field path ${fieldRef.fieldPath}` : 'invalid valueFrom';
}

/** The variable that a key of a ConfigMap or Secret becomes: `a.b-c` is `A_B_C`. */
export function envNameOfKey(key: string): string {
  return key.replace(/[.-]/g, '_').toUpperCase();
}
