/** Keeps `managedFields` small: of many updaters the oldest become one. */
import { union } from './field-set.ts';
import { compareText, type Manager } from './managers.ts';

/** Kubernetes' DefaultMaxUpdateManagers. */
const maxUpdaters = 10;

/** Kubernetes' name for updaters that were merged. */
const ancientChanges = 'ancient-changes';

/**
 * At most ten entries with operation Update: beyond that the oldest of one apiVersion are merged into
 * `ancient-changes`, whose time is that of the youngest of them. Appliers are never merged.
 */
export function capManagers(managers: readonly Manager[]): Manager[] {
  const updaters = managers.filter(({ operation }) => operation === 'Update').sort(byAge);
  let excess = updaters.length - maxUpdaters;
  if (excess <= 0) return [...managers];

  const kept = new Set(managers);
  const buckets = new Map<string, Manager>();
  for (const updater of updaters) {
    if (excess <= 0) break;
    const first = buckets.get(updater.apiVersion);
    if (first === undefined) {
      buckets.set(updater.apiVersion, updater);
      continue;
    }
    kept.delete(first);
    kept.delete(updater);
    const { apiVersion, time } = updater;
    const bucket: Manager = {
      manager: ancientChanges,
      operation: 'Update',
      apiVersion,
      subresource: '',
      time,
      fields: union(first.fields, updater.fields),
    };
    kept.add(bucket);
    buckets.set(apiVersion, bucket);
    excess--;
  }
  return [...kept];
}

function byAge(left: Manager, right: Manager): number {
  return (
    compareText(left.time ?? '', right.time ?? '') ||
    compareText(left.manager, right.manager) ||
    compareText(left.apiVersion, right.apiVersion) ||
    compareText(left.subresource, right.subresource)
  );
}
