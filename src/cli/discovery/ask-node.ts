/** Asks a paired device for its node. */

import type { Node } from '../../api/kinds/node/types.ts';
import type { KubeList } from '../../api/meta.ts';
import type { KubeconfigTarget } from '../../client/kubeconfig.ts';
import { RestClient } from '../../client/rest-client.ts';
import { Transport } from '../../client/transport.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { elsewhere } from './elsewhere.ts';
import type { NodeAnswer } from './node-board.ts';

/** A device on a LAN answers within milliseconds, a small one that is busy within seconds. */
const connectTimeoutMs = 2_000;
const headerTimeoutMs = 3_000;

/** Never fails: a device that cannot be asked at `server` is an answer too. */
export async function askNode(
  { transport: paired }: KubeconfigTarget,
  server: string,
  signal: AbortSignal,
): Promise<NodeAnswer> {
  const transport = new Transport({ ...elsewhere(paired, server), connectTimeoutMs, headerTimeoutMs });
  try {
    const rest = new RestClient({ transport });
    const { items } = await rest.json<KubeList<Node>>({ path: '/api/v1/nodes', query: { limit: 1 }, signal });
    const [node] = items;
    return node === undefined ? { kind: 'Failed', why: 'Unreachable' } : { kind: 'Node', node, server };
  } catch (error) {
    return { kind: 'Failed', why: isStatusError(error, 'Unauthorized') ? 'Unauthorized' : 'Unreachable' };
  } finally {
    transport.close();
  }
}
