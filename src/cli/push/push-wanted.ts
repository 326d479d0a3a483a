/** `eli apply --push`: the images that manifests want are pushed first, as far as this machine has them. */
import { shortImageName } from '../../api/image-reference.ts';
import { imagesOf } from '../../api/image-use.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { CommandContext } from '../context.ts';
import { findEngine } from '../local-images/engine.ts';
import { pushLocal } from './push-local.ts';

/**
 * An image that neither docker nor podman has here is the registry's, or there already.
 *
 * @param archive holds them, when it is given: all of its images are pushed, whoever wants them
 */
export async function pushWanted(
  objects: readonly KubeObject[],
  archive: string | undefined,
  context: CommandContext,
): Promise<void> {
  if (archive !== undefined) return await pushLocal({ meant: archive, name: undefined, engine: undefined }, context);
  const wanted = new Set(objects.flatMap(imagesOf));
  for (const name of wanted) {
    const meant = shortImageName(name);
    const engine = await findEngine(meant, context.io, context.signal);
    if (engine === undefined) context.hint(`  ${name} is not on this machine: the device has it, or fetches it`);
    else await pushLocal({ meant, name, engine }, context);
  }
}
