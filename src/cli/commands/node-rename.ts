/** `eli node rename`: calls the device by another name, from its next start on. */

import { checkDnsSubdomain } from '../../api/names.ts';
import { nodeNameAnnotation, nodeNameSourceAnnotation } from '../../api/node-annotations.ts';
import { nodes } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { findNode } from './find-node.ts';

/** @throws UsageError for what is no name, or when the name is set on the device */
export async function runNodeRename(name: string, context: CommandContext): Promise<number> {
  const [problem] = checkDnsSubdomain(name);
  if (problem !== undefined) throw new UsageError(`"${name}" is no name for a node: ${problem}`);
  const { metadata } = await findNode(context);
  const { name: present = '', annotations = {} } = metadata;
  if (annotations[nodeNameSourceAnnotation] === 'setting') {
    throw new UsageError(
      `the name of node "${present}" is set on the device and cannot be changed from outside`,
      'change it there: --node-name, ELIOT_NODE_NAME, or nodeName in the settings file',
    );
  }
  if ((annotations[nodeNameAnnotation] ?? present) === name) {
    await context.print(present === name ? `node/${name} unchanged\n` : pending(present, name));
    return 0;
  }
  const { client } = await context.session();
  const patch = { metadata: { annotations: { [nodeNameAnnotation]: name } } };
  await client.patch(nodes, { name: present }, 'merge', patch, { fieldManager: 'eli-rename' });
  await context.print(present === name ? `node/${name} keeps its name\n` : pending(present, name));
  return 0;
}

function pending(present: string, name: string): string {
  return `node/${present} will be ${name} when eliotd starts next (systemctl restart eliotd, or a reboot); its pods go on running\n`;
}
