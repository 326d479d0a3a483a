/** `eli image pull`: has the device fetch images from their registries, and shows how far each layer is. */
import { normalizeImageReference } from '../../api/image-reference.ts';
import { type Image, imageObjectName } from '../../api/kinds/image.ts';
import type { ImagePull } from '../../api/kinds/image-pull.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { imageResource } from '../images/image-objects.ts';
import { viewPull } from '../images/pull-view.ts';
import type { Activity } from '../terminal/activity.ts';
import { UsageError } from '../usage-error.ts';
import { followObject } from './follow-object.ts';
import { forEach } from './write-result.ts';

/** A large image over a bad link takes hours, in which the connection is silent; the device notices a dead registry itself. */
const answerTimeoutMs = 24 * 60 * 60_000;

/** Pulls one after the other, going on after a failure; resolves with the exit code. */
export async function runImagePull(names: readonly string[], context: CommandContext): Promise<number> {
  const images = names.map(fullName);
  return await forEach(images, context, async (name) => {
    await context.terminal.during(`Pulling ${name}`, (activity) => pull(name, activity, context));
    await context.print(`image/${name} pulled\n`);
  });
}

async function pull(name: string, activity: Activity, context: CommandContext): Promise<void> {
  const { rest } = await context.session();
  const over = new AbortController();
  const following = follow(name, activity, AbortSignal.any([context.signal, over.signal]), context);
  try {
    await rest.json<ImagePull>({
      method: 'POST',
      path: '/apis/eliot.run/v1alpha1/imagepulls',
      body: { apiVersion: 'eliot.run/v1alpha1', kind: 'ImagePull', metadata: {}, spec: { image: name } },
      signal: context.signal,
      answerTimeoutMs,
    });
  } finally {
    over.abort();
    await following;
  }
}

/** Tells the activity what the Image object says. Who may not see those sees a spinner. */
async function follow(name: string, activity: Activity, signal: AbortSignal, context: CommandContext): Promise<void> {
  try {
    const object = { kind: await imageResource(context), namespace: undefined, name: imageObjectName(name) };
    for await (const image of followObject(object, context, signal)) {
      const { text, bars } = viewPull(name, image as Image | undefined);
      activity.show(text, bars);
    }
  } catch {
    // The pull itself says what went wrong.
  }
}

function fullName(name: string): string {
  try {
    return normalizeImageReference(name);
  } catch (error) {
    if (!isStatusError(error, 'Invalid')) throw error;
    throw new UsageError(error.message, 'for example: eli image pull busybox:1.36');
  }
}
