/** The node of the device that the command works on: a device has one. */
import type { KubeObject } from '../../api/meta.ts';
import { nodes } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';

/** @throws UsageError while the device has none, as just after its first start */
export async function findNode(context: CommandContext): Promise<KubeObject> {
  const { client } = await context.session();
  const { items } = await client.list<KubeObject>(nodes, {}, context.signal);
  const [node] = items;
  if (node === undefined) throw new UsageError('the device has no node yet', 'try again in a moment');
  // Items of a list do not say what they are.
  return { ...node, apiVersion: 'v1', kind: 'Node' };
}
