/** What the flags of a pod point to: files of variables, and the devices that a device offers. */
import { resolve } from 'node:path';
import type { Node } from '../../api/kinds/node.ts';
import type { EnvVar } from '../../api/kinds/pod/types.ts';
import { nodes } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import type { CliIo } from '../io.ts';
import { parseEnvFile } from '../pod-parts/env.ts';
import { UsageError } from '../usage-error.ts';
import { type OfferedDevices, offeredDevicesOf } from './offered-devices.ts';

/** The variables of `--env-file`, in order. @throws UsageError for a file that cannot be read, or has what is no variable */
export async function readEnvFiles(
  paths: readonly string[],
  { files, env, directory }: Pick<CliIo, 'files' | 'env' | 'directory'>,
): Promise<readonly EnvVar[]> {
  const variables: EnvVar[] = [];
  for (const path of paths) {
    const bytes = await files.readFile(resolve(directory, path)).catch((cause: unknown) => {
      throw new UsageError(`cannot read --env-file ${path}`, String(cause), { cause });
    });
    variables.push(...parseEnvFile(bytes.toString('utf8'), `line of ${path}`, env));
  }
  return variables;
}

/**
 * What the device offers of its own devices; it is asked only when a path is to be looked up.
 *
 * @param devices as typed
 * @param privileged has all of /dev anyway
 * @throws StatusError when the device cannot be asked
 */
export async function readOfferedDevices(
  devices: readonly string[],
  privileged: boolean | undefined,
  context: CommandContext,
): Promise<OfferedDevices> {
  if (privileged || !devices.some((text) => text.startsWith('/'))) return {};
  const { client } = await context.session();
  const [node] = (await client.list<Node>(nodes, {}, context.signal)).items;
  return node === undefined ? {} : offeredDevicesOf(node);
}
