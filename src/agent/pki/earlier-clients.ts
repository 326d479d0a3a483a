/**
 * The table of issued clients as builds before the kind Client kept it: rows of their own in the store. They become Client
 * objects at the first start, so that an update revokes nobody.
 */
import type { Store } from '../../store/store.ts';
import type { IssuedClients } from './issued-clients.ts';

const prefix = '/eliot/issued-clients/';

interface EarlierRow {
  readonly fingerprint: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** Repeatable: a row goes when its object is there. */
export async function adoptEarlierClients(store: Store, clients: Pick<IssuedClients, 'adopt'>): Promise<void> {
  const { entries } = await store.list(prefix);
  for (const { key, intent, revision } of entries) {
    if (intent !== undefined) await clients.adopt(JSON.parse(intent) as EarlierRow);
    await store.delete(key, revision);
  }
}
