/** What follows the changes of a project's files: another run of the program, a command, or nothing. */

import type { CommandContext } from '../context.ts';
import { eliotFileName } from '../project/eliot-file-name.ts';
import type { OnChange } from '../project/on-change.ts';
import type { SyncChange } from '../sync/change-feed.ts';
import type { ChangeCommand } from './change-command.ts';
import type { ProgramRuns } from './program-runs.ts';
import { settledChanges } from './settled-changes.ts';
import { nameSome, type UpReport } from './up-report.ts';

/** An editor writes what belongs together within this time. */
const quietMs = 100;
/** Of a build that writes for ever, something is seen all the same. */
const longestMs = 1_000;

export interface FollowDeps {
  readonly onChange: OnChange;
  readonly runs: Pick<ProgramRuns, 'ask' | 'isRunning' | 'begun'>;
  readonly command: Pick<ChangeCommand, 'run'>;
  readonly report: Pick<UpReport, 'tell' | 'show'>;
  readonly clock: CommandContext['io']['clock'];
}

/** Until `signal` aborts. @throws StatusError when the files can no longer be followed */
export async function followChanges(
  changes: readonly AsyncIterable<SyncChange>[],
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    changes.map(async (feed) => {
      const limits = { clock: deps.clock, quietMs, longestMs };
      for await (const paths of settledChanges(toDevice(feed, deps), limits, signal)) react(paths, deps);
    }),
  );
}

/** What came from the device is told, and starts nothing: a program that writes files would be started for ever. */
async function* toDevice(feed: AsyncIterable<SyncChange>, { report }: FollowDeps): AsyncGenerator<SyncChange> {
  for await (const change of feed) {
    for (const path of change.conflicts) {
      report.tell('warning', `${path} was kept: it was changed on both sides`);
    }
    if (change.direction === 'toLaptop') report.tell('info', `${nameSome(change.paths)} came from the device`);
    else yield change;
  }
}

function react(paths: readonly string[], { onChange, runs, command, report }: FollowDeps): void {
  const changed = nameSome(paths);
  report.show({ files: `${changed} synced` });
  if (paths.includes(eliotFileName)) report.tell('info', `${eliotFileName} counts from the next eli up on`);
  if (!runs.isRunning || onChange.kind === 'Restart') {
    report.tell('info', `${changed} changed: the program starts anew`);
    runs.ask();
  }
  if (onChange.kind === 'Run') command.run(`${changed} changed`, onChange.command);
}
