import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerId } from '../../runtime.ts';
import type { StreamDeps } from '../stream-deps.ts';
import { ExecProcess } from './exec-process.ts';

/**
 * Ends what a crash of this program left behind: processes of execs whose clients are long gone, and their pipes. To be
 * called once at start, before the first exec. Only execs whose pipes lie in our own directory are touched.
 *
 * @returns how many there were
 */
export async function sweepOrphanExecs(
  deps: Pick<StreamDeps, 'grpc' | 'clock' | 'log' | 'fifoDirectory'>,
): Promise<number> {
  const names = await readdir(deps.fifoDirectory).catch(() => []);
  for (const name of names) {
    const [container = '', execId = ''] = name.split('.');
    if (execId) await new ExecProcess(deps, container as ContainerId, execId).remove();
    await rm(join(deps.fifoDirectory, name), { recursive: true, force: true });
  }
  if (names.length > 0) deps.log.info('orphaned execs ended', { count: names.length });
  return names.length;
}
