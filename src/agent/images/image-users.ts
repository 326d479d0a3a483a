/** What wants images: every stored object that holds a pod or a pod template (design D14's roll-back included). */
import { imagesOf, userName, wantsImages } from '../../api/image-use.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { kinds } from '../../api/scheme.ts';
import type { ImageUsers } from './compute-images.ts';

const pageSize = 200;

/** Reads them all, page by page. By full name or id of the image. */
export async function readImageUsers(client: Pick<ObjectClient, 'list'>): Promise<ImageUsers> {
  const users = new Map<string, string[]>();
  for (const kind of kinds.filter(wantsImages)) {
    let next: string | undefined;
    do {
      const page = await client.list(kind, { limit: pageSize, ...(next === undefined ? {} : { continue: next }) });
      for (const object of page.items) {
        for (const image of imagesOf(object)) {
          const found = users.get(image);
          if (found) found.push(userName(kind, object));
          else users.set(image, [userName(kind, object)]);
        }
      }
      next = page.metadata.continue || undefined;
    } while (next !== undefined);
  }
  return users;
}
