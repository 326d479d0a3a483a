/**
 * Loading or pulling an image gives its name to other contents, which whatever wants that name runs at its next start. So
 * nobody does it with a name that is wanted above him (docs/adr/0041).
 */
import { imagesOf, userName, wantsImages } from '../../api/image-use.ts';
import { type Image, imageKind, imageObjectName } from '../../api/kinds/image.ts';
import { kinds } from '../../api/scheme.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { isOwnNamespace } from '../group-rules.ts';
import { mastersGroup, type UserInfo } from '../identity.ts';
import type { AnyKind, RegistryDeps } from './context.ts';
import { forbidden } from './errors.ts';
import { readList } from './list.ts';
import { loadObject } from './load.ts';
import { runsAbove } from './role-grants.ts';

/**
 * @param kind for the words of the refusal
 * @param names full names of the images that are to come
 * @throws StatusError Forbidden when one is wanted in a namespace of the system, under a service account that may do more
 *   than `user`, or by the runtime for every pod
 */
export async function checkMayReplaceImages(
  deps: RegistryDeps,
  kind: AnyKind,
  names: readonly string[],
  user: UserInfo,
): Promise<void> {
  if (user.groups.includes(mastersGroup)) return;
  const refuse = (image: string, why: string): Error =>
    forbidden(kind, '', `image ${image} is ${why}; only ${mastersGroup} may replace it; use another name or tag`);
  for (const name of names) {
    if (await isPinned(deps, name)) throw refuse(name, "the runtime's own, which every pod needs");
  }
  for (const candidate of kinds.filter(wantsImages)) {
    const reader = readList(deps, candidate, {});
    for (let page = await reader.next(); !page.done; page = await reader.next()) {
      for (const item of page.value) {
        const images = imagesOf(item);
        const wanted = names.find((name) => images.includes(name));
        if (wanted === undefined) continue;
        const who = `${candidate.kind === 'Pod' ? 'Pod ' : ''}${userName(candidate, item)}`;
        if (!isOwnNamespace(item.metadata.namespace)) throw refuse(wanted, `in use by ${who}`);
        if (await runsAbove(deps, item, user)) {
          throw refuse(wanted, `in use by ${who}, whose service account may do more than user "${user.username}"`);
        }
      }
    }
  }
}

async function isPinned(deps: RegistryDeps, image: string): Promise<boolean> {
  try {
    const { object } = await loadObject(deps, imageKind, { name: imageObjectName(image) });
    return (object as Image).status.pinned === true;
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return false;
    throw error;
  }
}
