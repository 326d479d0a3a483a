/** Names for what people leave unnamed. Pure. */
import { parseImageReference } from '../../api/image-reference.ts';

/** Longest name of a container (RFC 1123 label). */
const maxLabel = 63;

/**
 * A name for what runs an image, fit for a pod and a container: `busybox` for `docker.io/library/busybox:1.36`.
 *
 * @throws StatusError `Invalid` when `image` is no name of an image
 */
export function nameOfImage(image: string): string {
  const { path } = parseImageReference(image);
  const last = path.split('/').at(-1) ?? '';
  return toLabel(last) || 'main';
}

/** `text` as an RFC 1123 label; empty when nothing of it is left. */
export function toLabel(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxLabel)
    .replace(/^-+|-+$/g, '');
}

/**
 * Names of containers for images, as the first Eliot gave them: the path of the image, `library-busybox` for `busybox`. The same
 * image twice gets a number.
 *
 * @throws StatusError `Invalid` when one is no name of an image
 */
export function containerNamesOf(images: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const image of images) {
    const base = toLabel(parseImageReference(image).path) || 'main';
    let name = base;
    for (let number = 2; names.includes(name); number += 1) name = `${base.slice(0, maxLabel - 4)}-${number}`;
    names.push(name);
  }
  return names;
}
