/** `eli version`: this program's and the device's. */
import { version } from '../../lib/version.ts';
import type { CommandContext } from '../context.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { toJson, toYaml } from '../printers/serialize.ts';
import type { VersionAnswer } from '../session.ts';

export interface VersionFlags {
  readonly client?: boolean;
}

/** Prints the versions; without `--client` the device must answer. */
export async function runVersion(flags: VersionFlags, context: CommandContext): Promise<number> {
  const format = parseOutputFormat(context.flags.output, ['table', 'json', 'yaml']);
  const clientVersion = { gitVersion: `v${version}`, platform: `${process.platform}/${process.arch}` };
  // Ours is known whether or not a device answers.
  if (format.kind === 'table') await context.print(`Client Version: ${clientVersion.gitVersion}\n`);
  const serverVersion = flags.client ? undefined : await readServerVersion(context);
  if (format.kind === 'table') {
    if (serverVersion !== undefined) await context.print(`Server Version: ${serverVersion.gitVersion}\n`);
    return 0;
  }
  const both = { clientVersion, ...(serverVersion === undefined ? {} : { serverVersion }) };
  await context.print(format.kind === 'json' ? toJson(both) : await toYaml(both));
  return 0;
}

async function readServerVersion(context: CommandContext): Promise<VersionAnswer> {
  const session = await context.session();
  return await session.rest.json<VersionAnswer>({ path: '/version', signal: context.signal });
}
