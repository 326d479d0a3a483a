/** Why the first start of a session failed, and what to do. */
import type { Node } from '../../api/kinds/node.ts';
import { nodes } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';

/** What containerd says of an image that has nothing for this machine (images/errdefs, platforms). */
const noPlatform = /no match for platform in manifest/;
const wrongProgram = /exec format error/;

/** @param message of the status of the pod */
export async function describeStartFailure(
  image: string,
  message: string,
  context: CommandContext,
): Promise<UsageError> {
  if (!noPlatform.test(message) && !wrongProgram.test(message)) return explain(image, message, undefined);
  const { client } = await context.session();
  const [node] = (await client.list<Node>(nodes, {}, context.signal)).items;
  return explain(image, message, node?.status.nodeInfo?.architecture);
}

/** @param architecture of the device, when it is what stands in the way */
export function explain(image: string, message: string, architecture: string | undefined): UsageError {
  if (architecture === undefined) {
    return new UsageError(`${image} could not be started: ${message}`, 'another image is named with --image');
  }
  return new UsageError(
    `${image} has nothing for ${architecture}, the architecture of the device`,
    `name an image that has, with --image; one that you build: docker build --platform linux/${architecture}`,
  );
}
