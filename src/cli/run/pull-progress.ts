/** What a person sees while a run waits for its start: how far the pull of its image is, one bar a layer. */
import type { Image, ImageStatus } from '../../api/kinds/image.ts';
import { images } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import type { Activity } from '../terminal/activity.ts';
import type { Bar } from '../terminal/progress-bar.ts';

/** As many digits of a layer as docker shows. */
const shownDigits = 12;

/**
 * Shows the pull of an image until `signal` aborts. Whatever fails is no failure of the run: the pod tells what becomes of
 * its image.
 *
 * @param image full name
 */
export async function showPull(
  image: string,
  activity: Activity,
  context: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  if (!context.io.stderr.isTTY) return;
  const usual = activity.text;
  try {
    const { client } = await context.session();
    for await (const event of client.watch<Image>(images, { fieldSelector: `spec.image=${image}` }, signal)) {
      if (event.type === 'BOOKMARK') continue;
      const pull = event.type === 'DELETED' ? undefined : describePull(image, event.object.status);
      activity.show(pull?.text ?? usual, pull?.bars);
    }
  } catch {
    // As above.
  }
}

/** Undefined when nothing is pulled. */
export function describePull(
  image: string,
  { state, layers = [] }: Pick<ImageStatus, 'state' | 'layers'>,
): { readonly text: string; readonly bars: readonly Bar[] } | undefined {
  if (state === 'Unpacking') return { text: `unpacking ${image}`, bars: [] };
  if (state !== 'Pulling') return undefined;
  const bars = layers.map(({ digest, sizeBytes, doneBytes }) => ({
    name: digest.replace(/^sha256:/, '').slice(0, shownDigits),
    doneBytes,
    totalBytes: sizeBytes,
  }));
  return { text: `pulling ${image}`, bars };
}
