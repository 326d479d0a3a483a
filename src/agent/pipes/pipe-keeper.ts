/**
 * Runs the pipes of all pods, and stands between their logs and whoever would remove them: ended runs that are not read yet are
 * kept within a bound, and what is lost all the same is told.
 */
import { type Pipe, pipesOf } from '../../api/kinds/pod/pipes.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ContainerInput } from '../../runtime/runtime.ts';
import type { LogChainFiles } from '../logs/log-chain.ts';
import { containersNamed, type ObservedPod } from '../observed-pod.ts';
import { type PodRef, podLogName, podRef } from '../pod-names.ts';
import { type LogPosition, runNumber } from './log-position.ts';
import { PipeFlow } from './pipe-flow.ts';
import type { PipeRecord } from './pipe-record.ts';
import { bytesBehind, listRuns, runOfFile, type SourceFilesDeps, sizeOfRun } from './source-files.ts';

export interface PipeKeeperDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly files: LogChainFiles & SourceFilesDeps & { watch(path: string, listener: () => void): () => void };
  readonly observed: (uid: string) => ObservedPod | undefined;
  readonly openInput: (container: string, signal: AbortSignal) => Promise<ContainerInput>;
  /** The directories that may hold logs of a container, on disk and in memory. */
  readonly logDirectories: (pod: PodRef, container: string) => readonly string[];
  /** Removes a log with all its files. */
  readonly removeLog: (run: string) => Promise<void>;
  readonly openRecord: (pod: PodRef, source: string) => PipeRecord;
  readonly kept: (pipe: string) => LogPosition | undefined;
  readonly onMoved: () => void;
  readonly tell: (
    pod: PodRef,
    event: { readonly reason: string; readonly message: string; readonly container: string },
  ) => void;
  /** Bytes of ended runs that are kept for one pipe, at most. */
  readonly maxKeptBytes: number;
}

interface Kept {
  readonly pipe: Pipe;
  readonly pod: PodRef;
  readonly flow: PipeFlow;
  readonly stop: AbortController;
  readonly directories: readonly string[];
}

/** Ended runs of one source that are kept, at most: each is a file, however little it holds. */
const maxKeptRuns = 100;

export class PipeKeeper {
  readonly #deps: PipeKeeperDeps;
  readonly #pipes = new Map<string, Kept>();

  constructor(deps: PipeKeeperDeps) {
    this.#deps = deps;
  }

  /** Starts and ends pipes as the pod says now. `start` runs what is given to it beside everything else. */
  update(pod: Pod, start: (task: (signal: AbortSignal) => Promise<void>) => void): void {
    const ref = podRef(pod);
    const wanted = new Map(pipesOf(pod).map((pipe) => [keyOf(ref, pipe.source), pipe]));
    for (const [key, { pod: owner, pipe, stop }] of this.#pipes) {
      if (owner.uid !== ref.uid || wanted.get(key)?.target === pipe.target) continue;
      stop.abort();
      this.#pipes.delete(key);
    }
    for (const [key, pipe] of wanted) {
      if (!this.#pipes.has(key)) this.#start(key, ref, pipe, start);
    }
  }

  /** The pod is gone, and its logs with it. */
  remove({ uid }: PodRef): void {
    for (const [key, { pod, stop }] of this.#pipes) {
      if (pod.uid !== uid) continue;
      stop.abort();
      this.#pipes.delete(key);
      this.#deps.onMoved();
    }
  }

  /** A container of the pod began or ended. */
  wake(uid: string): void {
    for (const { pod, flow } of this.#pipes.values()) if (pod.uid === uid) flow.wake();
  }

  /** By pipe, up to where everything was read; removes the logs of ended runs that lie before. */
  async collect(): Promise<ReadonlyMap<string, LogPosition>> {
    const positions = new Map<string, LogPosition>();
    for (const [key, kept] of this.#pipes) {
      const position = await kept.flow.safePosition();
      if (position === undefined) continue;
      positions.set(key, position);
      await this.#removeRead(kept, position);
    }
    return positions;
  }

  /** Whether the log of an ended run must stay because a pipe has not read it; it is then removed here when it has. */
  async keepsLog(run: string): Promise<boolean> {
    const kept = this.#pipeOf(run);
    if (kept === undefined || (await this.#isRead(kept, run))) return false;
    const number = runNumber(run) ?? 0;
    const older = (await listRuns(this.#deps.files, kept.directories)).filter(
      (each) => (runNumber(each) ?? 0) < number,
    );
    let bytes = await sizeOfRun(this.#deps.files, run);
    for (const each of older) bytes += await sizeOfRun(this.#deps.files, each);
    if (older.length < maxKeptRuns && bytes <= this.#deps.maxKeptBytes) return true;
    for (const path of [...(await this.#deps.files.rotated(run)), run]) await this.fileGoes(path);
    return false;
  }

  /** To be called before a file of a log is removed. */
  async fileGoes(path: string): Promise<void> {
    const kept = this.#pipeOf(runOfFile(path));
    if (kept === undefined) return;
    const bytes = await bytesBehind(this.#deps.files, path, kept.flow.position);
    if (bytes === 0) return;
    const { pipe, pod } = kept;
    const { source, target } = pipe;
    this.#deps.log.warn('output was removed before a pipe had read it', {
      pod: podLogName(pod),
      source,
      target,
      bytes,
    });
    const message = `${bytes} bytes of log of container ${source} were removed before container ${target} had read them`;
    this.#deps.tell(pod, { reason: 'PipeLost', message, container: source });
  }

  #start(key: string, pod: PodRef, pipe: Pipe, start: (task: (signal: AbortSignal) => Promise<void>) => void): void {
    const { clock, log, files, observed, openInput, onMoved, tell } = this.#deps;
    const { source, target } = pipe;
    const directories = this.#deps.logDirectories(pod, source);
    const record = this.#deps.openRecord(pod, source);
    const isAlive = (run: string): boolean =>
      observed(pod.uid)?.containers.some(({ logPath, state }) => logPath === run && state !== 'Exited') === true;
    const flow = new PipeFlow({
      files,
      runs: () => listRuns(files, directories),
      mayGrow: isAlive,
      clock,
      log,
      name: `${podLogName(pod)}: ${source} to ${target}`,
      target: () => runningContainer(observed(pod.uid), target),
      openInput,
      record,
      kept: this.#deps.kept(key),
      onMoved,
      onRefused: (why) => {
        const message = `Output of container ${source} cannot be led into container ${target}: ${why}`;
        tell(pod, { reason: 'PipeFailed', message, container: target });
      },
      watch: (run, listener) => files.watch(run, listener),
    });
    const stop = new AbortController();
    this.#pipes.set(key, { pipe, pod, flow, stop, directories });
    start(async (signal) => {
      try {
        await flow.run(AbortSignal.any([signal, stop.signal]));
      } finally {
        record.close();
      }
    });
  }

  #pipeOf(run: string): Kept | undefined {
    const directory = run.slice(0, run.lastIndexOf('/'));
    return [...this.#pipes.values()].find(({ directories }) => directories.includes(directory));
  }

  async #isRead({ flow }: Kept, run: string): Promise<boolean> {
    const position = await flow.safePosition();
    return position !== undefined && (runNumber(position.run) ?? 0) > (runNumber(run) ?? 0);
  }

  async #removeRead({ pod, directories }: Kept, position: LogPosition): Promise<void> {
    const known = new Set(this.#deps.observed(pod.uid)?.containers.map(({ logPath }) => logPath));
    for (const run of await listRuns(this.#deps.files, directories)) {
      const isBefore = (runNumber(run) ?? 0) < (runNumber(position.run) ?? 0);
      // That of a container that is still there is removed with it.
      if (isBefore && !known.has(run)) await this.#deps.removeLog(run);
    }
  }
}

function keyOf({ uid }: PodRef, source: string): string {
  return `${uid}/${source}`;
}

/** The run of a container that reads its input now. */
function runningContainer(observed: ObservedPod | undefined, name: string): string | undefined {
  const newest = observed && containersNamed(observed, name)[0];
  return newest?.state === 'Running' && newest.announcedEnd === undefined ? newest.id : undefined;
}
