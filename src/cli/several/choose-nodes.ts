/** Which devices `--node a,b` and `--all-nodes` mean. */
import { openKubeconfig } from '../../client/kubeconfig.ts';
import type { CommandContext } from '../context.ts';
import { kubeconfigPaths } from '../target.ts';
import { UsageError } from '../usage-error.ts';

/** More are an accident: each is a connection, and lines on the screen. */
const maxNodes = 256;

/**
 * Their names, each once.
 *
 * @throws UsageError when there are none or far too many, StatusError for a bad kubeconfig
 */
export async function chooseNodes({ flags, io }: CommandContext): Promise<readonly string[]> {
  const named = (flags.node ?? io.env['ELI_NODE'] ?? '').split(',').map((name) => name.trim());
  if (flags.allNodes && flags.node !== undefined) throw new UsageError('use either --node or --all-nodes');
  if (flags.context !== undefined) throw new UsageError('--context names one device; name several with --node');
  const names = [...new Set(flags.allNodes ? await allNodes({ flags, io }) : named.filter((name) => name !== ''))];
  if (names.length === 0) throw new UsageError('--node names no device', 'for example: --node kitchen,garage');
  if (names.length > maxNodes)
    throw new UsageError(`${names.length} devices at once are too many; at most ${maxNodes}`);
  return names;
}

async function allNodes({ flags, io }: Pick<CommandContext, 'flags' | 'io'>): Promise<readonly string[]> {
  const paths = kubeconfigPaths(flags, io.env);
  const present = await Promise.all(paths.map(async (path) => (await io.files.kindOf(path)) !== 'missing'));
  const { contextNames } = present.includes(true)
    ? await openKubeconfig({ paths, readFile: (path) => io.files.readFile(path) })
    : { contextNames: [] };
  if (contextNames.length > 0) return contextNames;
  throw new UsageError(
    'no device is paired',
    'pair with one:  eli pair NAME|ADDRESS CODE   ("eli get nodes" shows what there is)',
  );
}
