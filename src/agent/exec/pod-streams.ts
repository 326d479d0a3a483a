/** Log, exec, attach, signals and port-forward of this device's pods: what the API server's port asks for, by the runtime. */
import type { Duplex, Readable } from 'node:stream';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import type { ContainerRef, LogOptions, PodStreams, StreamEnds, StreamResult } from '../../apiserver/pod-streams.ts';
import type { Clock } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { LogWriterState, ReadLogOptions } from '../logs/read-container-log.ts';
import { currentSandbox, type ObservedPod } from '../observed-pod.ts';
import { containerTerminal, containerWithLog, runningContainer } from './find-container.ts';

export interface PodStreamsDeps {
  readonly runtime: Pick<Runtime, 'exec' | 'attach' | 'signalContainer' | 'portForward'>;
  /** The objects of this device's pods, status included. */
  readonly pods: { get(key: ObjectKey): Pod | undefined };
  /** What the runtime has of each pod. */
  readonly observed: {
    get(uid: string): ObservedPod | undefined;
    /** Calls `listener` with the uid of a pod that changed, until the returned function is called. */
    onChange(listener: (uid: string) => void): () => void;
  };
  readonly clock: Clock;
  /** Reads a container's log file; see `logs/read-container-log.ts`. */
  readonly readLog: (path: string, options: ReadLogOptions, writer: LogWriterState, signal: AbortSignal) => Readable;
}

type PodIdentity = Pick<ContainerRef, 'namespace' | 'pod' | 'uid'>;

/** The agent's side of the API server's port. */
export class AgentPodStreams implements PodStreams {
  readonly #deps: PodStreamsDeps;

  constructor(deps: PodStreamsDeps) {
    this.#deps = deps;
  }

  async log(ref: ContainerRef, options: LogOptions, signal: AbortSignal): Promise<Readable> {
    const { observed, clock, readLog } = this.#deps;
    const pod = this.#findPod(ref);
    containerTerminal(pod, ref.container);
    const { id, logPath } = containerWithLog(pod, observed.get(ref.uid), ref.container, options.previous);
    const writer: LogWriterState = {
      hasEnded: () => !mayWrite(observed.get(ref.uid), id),
      onChange: (listener) =>
        observed.onChange((uid) => {
          if (uid === ref.uid) listener();
        }),
    };
    const readOptions = {
      // A container that has ended writes no more; its log is followed to its end.
      follow: options.follow,
      timestamps: options.timestamps,
      tailLines: options.tailLines,
      limitBytes: options.limitBytes,
      sinceMs: sinceMs(options, clock.now()),
    };
    return readLog(logPath, readOptions, writer, signal);
  }

  async exec(
    ref: ContainerRef,
    command: readonly string[],
    ends: StreamEnds,
    signal: AbortSignal,
  ): Promise<StreamResult> {
    containerTerminal(this.#findPod(ref), ref.container);
    const { id } = runningContainer(this.#deps.observed.get(ref.uid), ref.container);
    return { exitCode: await this.#deps.runtime.exec(id, { ...ends, command }, signal) };
  }

  async attach(ref: ContainerRef, ends: StreamEnds, signal: AbortSignal): Promise<StreamResult> {
    const { stdin, tty } = containerTerminal(this.#findPod(ref), ref.container);
    const { id } = runningContainer(this.#deps.observed.get(ref.uid), ref.container);
    if (ends.stdin && !stdin) {
      // The runtime would drop the input without a word.
      throw new StatusError('BadRequest', `container ${ref.container} of pod ${ref.pod} has no stdin to attach to`);
    }
    // Whether there is a terminal was decided when the container was made, not by who joins it.
    await this.#deps.runtime.attach(id, { ...ends, tty, stderr: tty ? undefined : ends.stderr }, signal);
    return { exitCode: 0 };
  }

  async signal(ref: ContainerRef, signalNumber: number, signal: AbortSignal): Promise<void> {
    containerTerminal(this.#findPod(ref), ref.container);
    const { id } = runningContainer(this.#deps.observed.get(ref.uid), ref.container);
    await this.#deps.runtime.signalContainer(id, signalNumber, signal);
  }

  async portForward(ref: PodIdentity, port: number, signal: AbortSignal): Promise<Duplex> {
    const pod = this.#findPod(ref);
    const observed = this.#deps.observed.get(ref.uid);
    const sandbox = observed && currentSandbox(observed);
    if (!sandbox) {
      const phase = pod.status?.phase ?? 'Pending';
      throw new StatusError(
        'ServiceUnavailable',
        `unable to forward port because pod is not running. Current status=${phase}`,
      );
    }
    return this.#deps.runtime.portForward(sandbox.id, port, signal);
  }

  /** @throws StatusError NotFound when the pod that was authorised is gone, also when another one has its name */
  #findPod(ref: PodIdentity): Pod {
    const pod = this.#deps.pods.get({ namespace: ref.namespace, name: ref.pod });
    if (pod && pod.metadata.uid === ref.uid) return pod;
    throw new StatusError('NotFound', `pods "${ref.pod}" not found`, { details: { name: ref.pod, kind: 'pods' } });
  }
}

function mayWrite(observed: ObservedPod | undefined, id: string): boolean {
  const container = observed?.containers.find((other) => other.id === id);
  return container !== undefined && container.state !== 'Exited';
}

/** The API server has made sure that at most one of the two is given, and that it can be read. */
function sinceMs(options: LogOptions, nowMs: number): number | undefined {
  if (options.sinceSeconds !== undefined) return nowMs - options.sinceSeconds * 1_000;
  return options.sinceTime === undefined ? undefined : Date.parse(options.sinceTime);
}
