/** `eli get --raw PATH`: the answer to a GET, as it comes. */
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import type { GetFlags } from './get.ts';

/** Prints the answer; resolves with the exit code. */
export async function getRaw(
  args: readonly string[],
  raw: string,
  flags: GetFlags,
  context: CommandContext,
): Promise<number> {
  if (context.flags.output !== undefined) throw new UsageError('--raw and --output are mutually exclusive');
  if (args.length > 0) throw new UsageError('arguments may not be passed when --raw is specified');
  if (flags.watch || flags.watchOnly || flags.selector !== undefined) {
    throw new UsageError(
      '--raw may not be specified with other flags that filter the server request or alter the output',
      'what selects stands in the path, for example: /api/v1/pods?labelSelector=app%3Dweb',
    );
  }
  const path = pathOf(raw);
  const { rest } = await context.session();
  const answer = await rest.stream({ path, accept: 'application/json, */*', signal: context.signal });
  try {
    for await (const chunk of answer) await context.print(chunk as Buffer);
  } finally {
    answer.destroy();
  }
  return 0;
}

/** Path and query of `raw`, which may be a whole address: the server is the device's anyhow. */
function pathOf(raw: string): string {
  if (raw.startsWith('/')) return raw;
  if (!/^https?:/.test(raw) || !URL.canParse(raw)) {
    throw new UsageError(
      `--raw must be a valid URL path: parse "${raw}": invalid URI for request`,
      'for example: eli get --raw /version',
    );
  }
  const { pathname, search } = new URL(raw);
  return pathname + search;
}
