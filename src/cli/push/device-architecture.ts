/** For which processor an image must be. */
import type { Node } from '../../api/kinds/node.ts';
import { nodes } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';

/** A device says it of its node, some seconds after it was started. */
const nodePatienceMs = 10_000;
const askAgainMs = 500;

/**
 * The processor of the device, as images name it (in Go's words: `arm64`). A device that was just started is asked again until
 * it says it.
 *
 * @throws UsageError when it does not within ten seconds
 */
export async function readArchitecture(context: CommandContext): Promise<string> {
  const { client } = await context.session();
  const { signal } = context;
  const { clock } = context.io;
  for (const endMs = clock.monotonicMs() + nodePatienceMs; ; ) {
    const { items } = await client.list<Node>(nodes, {}, signal);
    const architecture = items[0]?.status?.nodeInfo?.architecture;
    if (architecture !== undefined && architecture !== '') return architecture;
    if (clock.monotonicMs() >= endMs) break;
    await clock.sleep(askAgainMs, signal);
  }
  throw new UsageError('the device does not say yet what processor it has', 'try again in a moment');
}
