/** The image of a session, when it is on this machine and not on the device as it is here. */

import { normalizeImageReference, shortImageName } from '../../api/image-reference.ts';
import { type Image, imageObjectName } from '../../api/kinds/image.ts';
import { images } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { chooseImages } from '../local-images/choose-image.ts';
import { findEngine } from '../local-images/engine.ts';
import { openImages } from '../local-images/open-images.ts';
import { readArchitecture } from '../push/device-architecture.ts';
import { pushImage } from '../push/push-image.ts';
import { describePush, showOn } from '../push/show-progress.ts';
import { UsageError } from '../usage-error.ts';
import type { UpReport } from './up-report.ts';

/**
 * Pushes what docker or podman has here (docs/adr/0046), so that what was built a second ago runs. An image that the device has from
 * a registry is the registry's, and one that is here for another architecture only is not pushed: the device fetches its own.
 *
 * @param check called before anything is sent: whether there is a use for it
 * @throws what `check` throws; StatusError when the device refuses it, or is lost for too long
 */
export async function pushImageHere(
  image: string,
  check: () => Promise<void>,
  report: UpReport,
  context: CommandContext,
): Promise<void> {
  const { io, signal, terminal } = context;
  const name = normalizeImageReference(image);
  if (name.includes('@') || (await isFromRegistry(name, context))) return;
  const meant = shortImageName(name);
  const engine = await findEngine(meant, io, signal);
  if (engine === undefined) return;
  await check();
  const session = await context.session();
  const local = await terminal.during(`reading ${meant} of ${engine}`, (activity) =>
    openImages(meant, io, signal, {
      engine,
      onProgress: (text, doneBytes) => activity.showBytes(text, doneBytes),
    }),
  );
  try {
    const [chosen] = chooseImages(local, await readArchitecture(context), name);
    if (chosen === undefined) return;
    const result = await terminal.during(`pushing ${name}`, (activity) =>
      pushImage(session, chosen, { clock: io.clock, onProgress: showOn(activity, name) }, signal),
    );
    report.tell('done', `${name} of ${engine} pushed (${describePush(result)})`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    report.tell('warning', `${name} is not pushed: ${error.message}`);
  } finally {
    await local.close();
  }
}

async function isFromRegistry(name: string, context: CommandContext): Promise<boolean> {
  const { client } = await context.session();
  const there = await client
    .get<Image>(images, { name: imageObjectName(name) }, context.signal)
    .catch((error: unknown) => {
      if (!isStatusError(error, 'NotFound')) throw error;
    });
  return there?.status.state === 'Present' && there.status.sideLoaded !== true;
}
