/** Joins the keeper of logs with the runtime, the pods and the events. */
import type { Pod } from '../../../api/kinds/pod/types.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { ContainerId, Runtime } from '../../../runtime/runtime.ts';
import type { ObservedPod } from '../../observed-pod.ts';
import { type LoggingContainer, LogKeeper, type LogKeeperDeps } from './log-keeper.ts';
import { type LogSettings, logAnnotationProblems, logLimits } from './log-limits.ts';

export interface KeepLogsDeps {
  readonly files: LogKeeperDeps['files'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly runtime: Pick<Runtime, 'reopenContainerLog'>;
  readonly cache: {
    get(uid: string): ObservedPod | undefined;
    list(): readonly ObservedPod[];
    onLook(listener: (uid: string) => void): () => void;
  };
  readonly pods: { list(): readonly Pod[] };
  readonly events: {
    record(pod: Pod, event: { type: 'Warning'; reason: string; message: string; container?: string }): void;
  };
  /** Where logs lie on disk and in memory: only what is below them is touched. */
  readonly directories: { readonly disk: string; readonly memory: string };
  readonly settings: LogSettings;
}

/** Works until `signal` aborts. */
export async function keepLogs(deps: KeepLogsDeps, signal: AbortSignal): Promise<void> {
  const { files, clock, log, runtime, cache, pods, events, directories, settings } = deps;
  const podOf = (uid: string): Pod | undefined => pods.list().find(({ metadata }) => metadata.uid === uid);
  const isOurs = (path: string): boolean =>
    path.startsWith(`${directories.disk}/`) || path.startsWith(`${directories.memory}/`);
  const keeper = new LogKeeper({
    files,
    clock,
    log,
    onChange: (listener) => cache.onLook(listener),
    running: (uid) => {
      const observed = uid === undefined ? cache.list() : [cache.get(uid)].filter((pod) => pod !== undefined);
      return observed.flatMap(runningContainers).filter(({ logPath }) => isOurs(logPath));
    },
    limits: ({ podUid, logPath }) => {
      const pod = podOf(podUid);
      for (const message of pod ? logAnnotationProblems(pod) : []) {
        events.record(pod as Pod, { type: 'Warning', reason: 'InvalidLogAnnotation', message });
      }
      return logLimits(settings, pod, logPath.startsWith(`${directories.memory}/`) ? 'memory' : 'disk');
    },
    reopen: (id, stopping) => runtime.reopenContainerLog(id as ContainerId, stopping),
    onDropped: ({ podUid, name }, { bytesPerSecond }) => {
      const pod = podOf(podUid);
      if (pod === undefined) return;
      const message = `Output of container ${name} is dropped for a while: more than ${bytesPerSecond} bytes a second`;
      events.record(pod, { type: 'Warning', reason: 'LogRateExceeded', message, container: name });
    },
  });
  await keeper.run(signal);
}

function runningContainers({ uid, containers }: ObservedPod): readonly LoggingContainer[] {
  return containers
    .filter(({ state, logPath }) => state === 'Running' && logPath !== '')
    .map(({ id, name, logPath }) => ({ id, podUid: uid, name, logPath }));
}
