/** Lets the pod of a session run on without us. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { ownerProcessAnnotation, startAnnotationPrefix } from '../../api/run-annotations.ts';
import type { CommandContext } from '../context.ts';
import { letGo } from '../run/let-go.ts';
import { fieldManager } from './claim-pod.ts';

/** From now on its restart policy alone starts its program again. Tells when that failed, and throws nothing. */
export async function keepPod(pod: Pod, context: CommandContext): Promise<void> {
  const { namespace = '', name = '' } = pod.metadata;
  const annotations = { [startAnnotationPrefix + name]: null, [ownerProcessAnnotation]: null };
  try {
    await letGo(pod, context);
    const { client } = await context.session();
    await client.patch(pods, { namespace, name }, 'merge', { metadata: { annotations } }, { fieldManager });
    context.note(`${name} runs on: "eli logs ${name}" shows its output, "eli delete pod ${name}" ends it`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.note(`${name} could not be let go (${why}); the device deletes it when its lease has lapsed`);
  }
}
