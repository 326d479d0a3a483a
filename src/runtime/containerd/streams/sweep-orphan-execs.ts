import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerId } from '../../runtime.ts';
import type { StreamDeps } from '../stream-deps.ts';
import { ExecProcess } from './exec-process.ts';

/**
 * Ends what a crash of this program left behind: processes of execs whose clients are long gone, and their pipes. Only
 * execs whose pipes lie in our own directory are touched, and none of this process: the API may be served already.
 *
 * @returns how many there were
 */
export async function sweepOrphanExecs(
  deps: Pick<StreamDeps, 'grpc' | 'clock' | 'log' | 'fifoDirectory' | 'execPrefix'>,
): Promise<number> {
  const all = await readdir(deps.fifoDirectory).catch(() => []);
  const names = all.filter((name) => !name.includes(`.${deps.execPrefix}`));
  for (const name of names) {
    const [container = '', execId = ''] = name.split('.');
    if (execId) await new ExecProcess(deps, container as ContainerId, execId).remove();
    await rm(join(deps.fifoDirectory, name), { recursive: true, force: true });
  }
  if (names.length > 0) deps.log.info('orphaned execs ended', { count: names.length });
  return names.length;
}
