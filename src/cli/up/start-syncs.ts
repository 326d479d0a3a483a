/** The directories of a session on their way to the volumes of its pod. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Transport } from '../../client/transport.ts';
import type { Clock } from '../../lib/clock.ts';
import { humanSize } from '../../lib/human-size.ts';
import type { SyncChange } from '../sync/change-feed.ts';
import type { SyncOptions, SyncSession, SyncState } from '../sync/sync-session.ts';
import type { UpPlan } from './plan-up.ts';
import { nameSome, type UpReport } from './up-report.ts';

/** `startSync`, or what a test has in its place. */
export type StartSync = (options: SyncOptions, signal: AbortSignal) => SyncSession;

/** All directories of a session. */
export interface Syncs {
  /** When all of them have brought what there is: what a person is told of it. Rejects when one ends before. */
  readonly first: Promise<string>;
  /** What was brought afterwards, one for each directory. */
  readonly changes: readonly AsyncIterable<SyncChange>[];
  /** Brings what was changed until now, and ends. Never rejects. */
  close(): Promise<void>;
}

export interface SyncDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly report: UpReport;
  readonly startSync: StartSync;
}

/** Begins with all directories at once; each ends by itself. What a person should know meanwhile is told in the report. */
export function startSyncs(plan: UpPlan, pod: Pod, deps: SyncDeps, signal: AbortSignal): Syncs {
  const { transport, clock, report, startSync } = deps;
  const { namespace = '', name = '', uid } = pod.metadata;
  const sessions = plan.syncs.map(({ directory, volume }) =>
    startSync(
      {
        transport,
        clock,
        namespace,
        pod: name,
        uid,
        volume,
        directory,
        ignore: plan.ignore,
        twoWay: plan.twoWay,
        onState: stateTeller(report),
      },
      signal,
    ),
  );
  return {
    first: firstOf(sessions),
    changes: sessions.map(({ changes }) => changes),
    close: async () => void (await Promise.all(sessions.map((session) => session.close()))),
  };
}

async function firstOf(sessions: readonly SyncSession[]): Promise<string> {
  const all = await Promise.all(sessions.map(({ first }) => first));
  const sum = (pick: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + pick(one), 0);
  const files = sum((one) => one.files);
  const what = `${files} ${files === 1 ? 'file' : 'files'}, ${humanSize(sum((one) => one.bytes))}`;
  const failed = all.flatMap((one) => [...one.failed.keys()]);
  const missing = failed.length === 0 ? '' : `, without ${nameSome(failed)}`;
  return `${what}: ${humanSize(sum((one) => one.sentBytes))} sent${missing}`;
}

/** Tells what changes for the worse and, after that, for the better: a connection that is there is no news. */
function stateTeller(report: UpReport): (state: SyncState) => void {
  let trouble: SyncState['kind'] | undefined;
  return (state) => {
    if (state.kind === trouble) return;
    switch (state.kind) {
      case 'connected':
        if (trouble !== undefined) report.tell('done', 'files are synced again');
        trouble = undefined;
        report.show({ files: '' });
        return;
      case 'reconnecting':
        report.tell('warning', `files are not synced: ${state.reason.message}; trying again`);
        break;
      case 'blocked':
        report.tell('warning', `${nameSome(state.paths)} cannot be synced: ${state.message}; trying again`);
        break;
    }
    trouble = state.kind;
    report.show({ files: 'files are not synced' });
  };
}
