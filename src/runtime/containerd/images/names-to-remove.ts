/** Which names of an image go with one of them. Several stand for the same content, and containerd keeps it while one is left. */
import { isImageId } from '../../../api/image-reference.ts';
import { sideLoadedLabel } from './name-image.ts';

/** A name that containerd has. */
export interface ImageName {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * CRI names what it pulls by its id and its digest as well; those go with the last real name. What a bundle brought has a name by
 * digest only, which is a real one.
 *
 * @param name the one that is to go; an image id stands for all of them
 * @param present the names of the same image, `name` among them
 */
export function namesToRemove(name: string, present: readonly ImageName[]): readonly string[] {
  const others = present.filter((other) => other.name !== name);
  const isAlias = (other: ImageName): boolean =>
    isImageId(other.name) || (other.name.includes('@') && other.labels[sideLoadedLabel] === undefined);
  return isImageId(name) || others.every(isAlias) ? [name, ...others.map((other) => other.name)] : [name];
}

/** As `namesToRemove`, for whoever knows only of this name: no other one goes, but the id when it would be left alone. */
export function namesToRemoveExactly(name: string, present: readonly ImageName[]): readonly string[] {
  const others = present.map((other) => other.name).filter((other) => other !== name);
  return others.every(isImageId) ? [name, ...others] : [name];
}
