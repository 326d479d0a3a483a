/**
 * What `label` and `annotate` change: `key=value` sets, `key-` removes. Pure; the words of each complaint are kubectl's.
 */
import type { KubeObject } from '../../api/meta.ts';
import { checkLabelValue } from '../../api/names.ts';
import { UsageError } from '../usage-error.ts';

export type MetadataField = 'labels' | 'annotations';

/** How messages name one of them. */
const singular: Readonly<Record<MetadataField, string>> = { labels: 'label', annotations: 'annotation' };

export interface MetadataChange {
  readonly field: MetadataField;
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** The arguments before the first change, and the changes. */
export interface SplitArgs {
  readonly resources: readonly string[];
  readonly pairs: readonly string[];
}

/** @throws UsageError when a resource comes after a change */
export function splitArgs(args: readonly string[], field: MetadataField): SplitArgs {
  const first = args.findIndex(isPair);
  const pairs = first < 0 ? [] : args.slice(first);
  const late = pairs.find((arg) => !isPair(arg));
  if (late !== undefined) {
    throw new UsageError(`all resources must be specified before ${singular[field]} changes: ${late}`);
  }
  return { resources: first < 0 ? args : args.slice(0, first), pairs };
}

function isPair(arg: string): boolean {
  return arg.indexOf('=') > 0 || (arg.endsWith('-') && arg !== '-');
}

/**
 * Reads the changes.
 *
 * @throws UsageError when there is none, a value cannot be one, or a key is both set and removed
 */
export function parseMetadataChange(pairs: readonly string[], field: MetadataField): MetadataChange {
  if (pairs.length === 0) throw new UsageError(`at least one ${singular[field]} update is required`);
  const set = new Map<string, string>();
  const remove: string[] = [];
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 0) {
      remove.push(pair.slice(0, -1));
      continue;
    }
    const value = pair.slice(equals + 1);
    const [complaint] = field === 'labels' ? checkLabelValue(value) : [];
    if (complaint !== undefined) throw new UsageError(`invalid label value: "${pair}": ${complaint}`);
    set.set(pair.slice(0, equals), value);
  }
  if (remove.some((key) => set.has(key))) {
    throw new UsageError(
      `can not both modify and remove ${field === 'labels' ? 'a' : 'an'} ${singular[field]} in the same command`,
    );
  }
  return { field, set, remove };
}

/**
 * What stands in the way of a change without `--overwrite`.
 *
 * @returns kubectl's sentence, or undefined when nothing does
 */
export function computeOverwrite(object: KubeObject, { field, set }: MetadataChange): string | undefined {
  const present = object.metadata[field] ?? {};
  const taken = [...set]
    .filter(([key, value]) => Object.hasOwn(present, key) && present[key] !== value)
    .map(([key]) => `'${key}' already has a value (${present[key]})`);
  if (taken.length === 0) return undefined;
  return field === 'labels'
    ? `${taken[0]}, and --overwrite is false`
    : `--overwrite is false but found the following declared annotation(s): ${taken.join('; ')}`;
}

/** The object with the change made. */
export function computeChanged(object: KubeObject, { field, set, remove }: MetadataChange): KubeObject {
  const kept = Object.entries(object.metadata[field] ?? {}).filter(([key]) => !remove.includes(key));
  return { ...object, metadata: { ...object.metadata, [field]: Object.fromEntries([...kept, ...set]) } };
}

/** The merge patch that makes the change; `null` removes. */
export function computeMetadataPatch(
  { field, set, remove }: MetadataChange,
  resourceVersion: string | undefined,
): { readonly metadata: object } {
  const entries: [string, string | null][] = [...set, ...remove.map((key): [string, null] => [key, null])];
  return {
    metadata: {
      [field]: Object.fromEntries(entries),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
}

/** What the result line says: `labeled`, `unlabeled`, `not labeled`; annotations are always `annotated`. */
export function resultOf(object: KubeObject, { field, set, remove }: MetadataChange): string {
  if (field === 'annotations') return 'annotated';
  const present = object.metadata.labels ?? {};
  if ([...set].some(([key, value]) => present[key] !== value)) return 'labeled';
  return remove.some((key) => Object.hasOwn(present, key)) ? 'unlabeled' : 'not labeled';
}
