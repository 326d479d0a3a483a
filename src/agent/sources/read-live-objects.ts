/** Reads what a source has made, and what stands in its way. */
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import { apiVersionOf } from '../../api/scheme.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { LiveObject } from './compute-source-changes.ts';
import { type DesiredState, identityOf, keyOf, resourceOf, sourceLabel } from './desired-state.ts';

const pageSize = 500;

/**
 * Every object labelled with the source, and every object that has the name of a wanted one.
 *
 * @param kinds all kinds that are served
 */
export async function readLiveObjects(
  client: ObjectClient,
  kinds: readonly KindDescription[],
  desired: DesiredState,
  signal: AbortSignal,
): Promise<LiveObject[]> {
  const live = new Map<string, LiveObject>();
  const add = (kind: KindDescription, object: KubeObject): void => {
    live.set(identityOf(kind, object), { kind, object });
  };
  for (const kind of kinds) {
    if (kind.storage === 'none' || !kind.verbs.includes('list') || !kind.verbs.includes('delete')) continue;
    for (const object of await listOwned(client, kind, desired.name, signal)) add(kind, object);
  }
  for (const { kind, object } of desired.objects) {
    if (live.has(identityOf(kind, object))) continue;
    try {
      add(kind, await client.get(resourceOf(kind), keyOf(object), signal));
    } catch (error) {
      if (!isStatusError(error, 'NotFound')) throw error;
    }
  }
  return [...live.values()];
}

async function listOwned(
  client: ObjectClient,
  kind: KindDescription,
  source: string,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  let next: string | undefined;
  do {
    const options = { labelSelector: `${sourceLabel}=${source}`, limit: pageSize };
    const page = await client.list(
      resourceOf(kind),
      next === undefined ? options : { ...options, continue: next },
      signal,
    );
    // The server leaves them out of the items of a list.
    for (const item of page.items) objects.push({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind });
    next = page.metadata.continue || undefined;
  } while (next !== undefined);
  return objects;
}
