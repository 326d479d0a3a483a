/** An image that a stored object wants is not deleted. */

import { imagesOf, userName, wantsImages } from '../../api/image-use.ts';
import type { Image } from '../../api/kinds/image.ts';
import type { KubeObject } from '../../api/meta.ts';
import { kinds } from '../../api/scheme.ts';
import type { AnyKind, RegistryDeps } from './context.ts';
import { conflict } from './errors.ts';
import { readList } from './list.ts';

export function isImage(kind: Pick<AnyKind, 'group' | 'resource'>): boolean {
  return kind.group === 'eliot.run' && kind.resource === 'images';
}

/** @throws StatusError `Conflict` naming who wants it */
export async function checkImageUnused(deps: RegistryDeps, kind: AnyKind, object: KubeObject): Promise<void> {
  const { metadata, spec, status } = object as Image;
  // Nothing is there to be removed.
  if (status.state === undefined || status.state === 'Failed' || status.state === 'Gone') return;
  if (status.pinned) {
    throw conflict(kind, metadata.name ?? '', `image ${spec.image} is the runtime's own, which every pod needs`);
  }
  // Of several names only this one goes, and the image stays under the others.
  const isLastName = (status.tags ?? []).every((tag) => tag === spec.image);
  const names = new Set([spec.image, ...(isLastName ? [...(status.digests ?? []), status.id] : [])]);
  for (const candidate of kinds.filter(wantsImages)) {
    const reader = readList(deps, candidate, {});
    for (let page = await reader.next(); !page.done; page = await reader.next()) {
      const user = page.value.find((item) => imagesOf(item).some((name) => names.has(name)));
      if (user === undefined) continue;
      const who = `${candidate.kind === 'Pod' ? 'Pod ' : ''}${userName(candidate, user)}`;
      throw conflict(kind, metadata.name ?? '', `image ${spec.image} is in use by ${who}; delete that first`);
    }
  }
}
