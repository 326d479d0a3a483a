/** Lets a pod that was run live on without us. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { leases, pods } from '../../api/resources.ts';
import { holdAnnotation, leaseAnnotation } from '../../api/run-annotations.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';

/**
 * Removes from the pod what ties it to us: its lease, and that it is held, which would hold each restart anew. What was to be
 * removed when it has finished stays so.
 */
export async function letGo({ metadata }: Pod, context: CommandContext): Promise<void> {
  const { client } = await context.session();
  const annotations = { [leaseAnnotation]: null, [holdAnnotation]: null };
  const { namespace = '', name = '' } = metadata;
  await client.patch(pods, { namespace, name }, 'merge', { metadata: { annotations } }, { fieldManager: 'eli-run' });
  const lease = metadata.annotations?.[leaseAnnotation];
  if (lease === undefined) return;
  await client.delete(leases, { namespace, name: lease }).catch((error: unknown) => {
    if (!isStatusError(error, 'NotFound')) throw error;
  });
}
