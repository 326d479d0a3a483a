/** Reading one object for answering and for compare-and-swap. */
import type { ObjectKey } from '../../api/object-client.ts';
import type { AnyKind, Loaded, RegistryDeps } from './context.ts';
import { decodeEntry } from './entry-codec.ts';
import { notFound } from './errors.ts';
import { objectKey } from './keys.ts';

/** The object as it is now, or undefined. */
async function findObject(
  deps: Pick<RegistryDeps, 'store'>,
  kind: AnyKind,
  key: ObjectKey,
): Promise<Loaded | undefined> {
  if (kind.storage === 'none') return undefined;
  const entry = await deps.store.get(objectKey(kind, key));
  return entry && { object: decodeEntry(kind, entry), revision: entry.revision };
}

/** @throws StatusError NotFound */
export async function loadObject(deps: Pick<RegistryDeps, 'store'>, kind: AnyKind, key: ObjectKey): Promise<Loaded> {
  const loaded = await findObject(deps, kind, key);
  if (!loaded) throw notFound(kind, key.name);
  return loaded;
}
