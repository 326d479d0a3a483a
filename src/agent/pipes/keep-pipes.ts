/** Joins the pipes with pods, runtime, logs and files. Decides nothing. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Change } from '../../client/informer.ts';
import type { Files } from '../../host/files.ts';
import type { createLogFiles } from '../../host/log-files.ts';
import { openRecordFile } from '../../host/record-file.ts';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { TaskGroup } from '../../lib/task-group.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import type { ContainerId, Runtime } from '../../runtime/runtime.ts';
import type { PodEvent } from '../events/event-recorder.ts';
import type { ObservedPod } from '../observed-pod.ts';
import { type PodRef, podRef } from '../pod-names.ts';
import { PodRemains } from '../pod-remains.ts';
import { KeptPositions } from './kept-positions.ts';
import { PipeKeeper } from './pipe-keeper.ts';
import { createPipeRecord } from './pipe-record.ts';

export interface KeepPipesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly files: Pick<Files, 'list' | 'readFile' | 'remove'>;
  readonly logFiles: ReturnType<typeof createLogFiles>;
  readonly runtime: Pick<Runtime, 'openInput'>;
  readonly cache: {
    get(uid: string): ObservedPod | undefined;
    onLook(listener: (uid: string) => void): () => void;
    onChange(listener: (uid: string) => void): () => void;
    readonly whenListed: Promise<void>;
  };
  readonly pods: { list(): readonly Pod[]; onChange(listener: (change: Change<Pod>) => void): () => void };
  readonly events: { record(pod: PodRef, event: PodEvent): void };
  readonly bootId: string;
  readonly dirs: { readonly dataDir: string; readonly runDir: string };
  readonly settings: { readonly containerLogMaxSize: number };
}

/** What whoever removes logs asks first. */
export interface KeptPipes {
  /** See `PipeKeeper.keepsLog`. */
  keepsLog(run: string): Promise<boolean>;
  /** See `PipeKeeper.fileGoes`. */
  fileGoes(path: string): Promise<void>;
}

/** Starts it in the group; it ends with it. */
export function keepPipes(group: TaskGroup, deps: KeepPipesDeps): KeptPipes {
  const { clock, log, files, logFiles, runtime, cache, pods, events, bootId, dirs, settings } = deps;
  const begun = Promise.withResolvers<void>();
  const remains = new PodRemains({ files, ...dirs });
  const keptFile = `${dirs.dataDir}/pipes.json`;
  const kept = new KeptPositions({
    clock,
    log,
    read: () => files.readFile(keptFile),
    write: (text) => writeFileAtomic(keptFile, text, 0o600),
    collect: () => keeper.collect(),
  });
  const keeper = new PipeKeeper({
    clock,
    log,
    files: { ...logFiles, names: (directory) => files.list(directory) },
    observed: (uid) => cache.get(uid),
    openInput: (container, signal) => runtime.openInput(container as ContainerId, signal),
    logDirectories: (pod, container) =>
      (['disk', 'memory'] as const).map((storage) => `${remains.logDirectory(pod, storage)}/${container}`),
    removeLog: (run) => remains.removeLog(run),
    openRecord: ({ uid }, source) =>
      createPipeRecord(() => openRecordFile(`${dirs.runDir}/pods/${uid}/pipes/${source}`), bootId),
    kept: (pipe) => kept.get(pipe),
    onMoved: kept.changed,
    tell: (pod, event) => events.record(pod, { type: 'Warning', ...event }),
    maxKeptBytes: settings.containerLogMaxSize,
  });
  const start = (task: (signal: AbortSignal) => Promise<void>): void => group.start(task);
  group.start(async (stopping) => {
    await kept.load();
    // What a container's log may still get is a question to the runtime.
    await untilAborted(cache.whenListed, stopping);
    pods.onChange(({ type, object }) => {
      if (type === 'deleted') keeper.remove(podRef(object));
      else keeper.update(object, start);
    });
    cache.onLook((uid) => keeper.wake(uid));
    cache.onChange((uid) => keeper.wake(uid));
    for (const pod of pods.list()) keeper.update(pod, start);
    begun.resolve();
    await kept.run(stopping);
  });
  // Before that nobody knows what is to be read.
  const whenBegun = (): Promise<void> => untilAborted(begun.promise, group.signal);
  return {
    keepsLog: async (run) => {
      await whenBegun();
      return await keeper.keepsLog(run);
    },
    fileGoes: async (path) => {
      await whenBegun();
      await keeper.fileGoes(path);
    },
  };
}
