/** The Image objects of a device, and which of them a person means by a name or an id. */
import { isImageId, normalizeImageReference } from '../../api/image-reference.ts';
import type { Image } from '../../api/kinds/image.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import type { ResourceKind } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';

/** The kind Image, as discovery has it. */
export async function imageResource(context: CommandContext): Promise<ResourceKind> {
  const { resources } = await context.session();
  return await resources.find('images.eliot.run');
}

/** All of them, in order of their names. */
export async function listImages(context: CommandContext): Promise<readonly Image[]> {
  const { client } = await context.session();
  const { items } = await client.list<Image>(await imageResource(context), {}, context.signal);
  return items.toSorted((a, b) => (a.spec.image < b.spec.image ? -1 : 1));
}

/**
 * Those that `asked` names: a name (short ones too), the name of the object, or the first digits of an id, which may stand for
 * several names.
 *
 * @throws UsageError when there is none, or the digits fit to several images
 */
export function findImages(asked: string, images: readonly Image[]): readonly Image[] {
  const name = fullNameOf(asked);
  const named = images.filter(({ metadata, spec }) => spec.image === name || metadata.name === asked);
  if (named.length > 0) return named;
  const digits = asked.replace(/^sha256:/, '');
  const identified = /^[0-9a-f]{4,64}$/.test(digits)
    ? images.filter(({ status }) => status.id?.startsWith(`sha256:${digits}`))
    : [];
  if (new Set(identified.map(({ status }) => status.id)).size > 1) {
    throw new UsageError(`several images have an id that begins with ${digits}`, 'give more of its digits, or a name');
  }
  if (identified.length > 0) return identified;
  throw new UsageError(`no image "${asked}" is on the device`, '"eli image list" shows what is there');
}

/** Undefined for an id, and for what is no name. */
function fullNameOf(text: string): string | undefined {
  if (isImageId(text)) return undefined;
  try {
    return normalizeImageReference(text);
  } catch (error) {
    if (isStatusError(error, 'Invalid')) return undefined;
    throw error;
  }
}
