/**
 * Images that are pushed to this device. Everything that hashes, unpacks or writes them is done by a child process that lives
 * as long as one request (design D8): eliotd hands it the body as it comes.
 *
 * A client that goes does not end the child: it sees the end of the body, and keeps what had come whole.
 */
import type {
  ChildAnswer,
  ChildRequest,
  ChildWorld,
  LayerState,
  LayerUpload,
  PushRequest,
  PushState,
} from '../../api/image-push/exchange.ts';
import type { ImagePushes } from '../../apiserver/image-pushes.ts';
import type { WhileUnused } from '../../host/remove-older.ts';
import type { RunChild } from '../../host/run-child.ts';
import { begunInTime } from '../../lib/begun-in-time.ts';
import type { Clock } from '../../lib/clock.ts';
import { KeyedMutex } from '../../lib/keyed-mutex.ts';
import { Limiter } from '../../lib/limiter.ts';
import { httpStatusByReason, isStatusError, type Reason, StatusError } from '../../lib/status-error.ts';
import { withoutStall } from '../../lib/without-stall.ts';

/** Layers that come at once, for hours over a slow link, and questions beside them. A child takes some 50 MB of memory. */
const maxLayers = 2;
const maxQuestions = 1;
/** Who waits for a place for so long is told so, and asks again. */
const placeTimeoutMs = 20_000;
const retryAfterSeconds = 5;
/** Who says nothing for so long, in the middle of an upload, is given up: the next one waits for the layer. */
const stallTimeoutMs = 60_000;
/** A slow card takes minutes to look through what it has, a slow link hours to send a layer. */
const childTimeoutMs = 24 * 60 * 60 * 1_000;
/**
 * Layers go through buffers of up to a megabyte. eliotd has every one above 32 KiB mapped and given back (bin/eliotd), so that each
 * page would be made anew each time: that was half of what a push cost.
 */
const childMemory = { MALLOC_MMAP_THRESHOLD_: '4194304', MALLOC_TRIM_THRESHOLD_: '16777216' };
/** What nobody has gone on with for so long is removed. */
const spoolLifetimeMs = 24 * 60 * 60 * 1_000;
const lookIntervalMs = spoolLifetimeMs / 24;

export interface ImagePusherDeps {
  readonly runChild: RunChild;
  /** Path of the bundled image child, and of the Node that runs it. */
  readonly nodeProgram: string;
  readonly imagesProgram: string;
  readonly world: ChildWorld;
  readonly removeDirectory: (path: string) => Promise<void>;
  /** Removes what lies there and is older, by the clock of the device, which the file system knows too. */
  readonly removeOlder: (spool: string, olderThanMs: number, whileUnused: WhileUnused) => Promise<void>;
  /** An image has come; who sent it sees it listed when this resolves. */
  readonly onImported: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  /** Aborts when the process stops. */
  readonly stopping: AbortSignal;
}

export class ImagePusher implements ImagePushes {
  readonly #deps: ImagePusherDeps;
  readonly #takers = new Limiter(maxLayers);
  readonly #askers = new Limiter(maxQuestions);
  readonly #layers = new KeyedMutex();
  /** When somebody sent a part of a layer, by its diffID and a clock that does not jump; of the last day. */
  readonly #sentMs = new Map<string, number>();
  #lastUseMs: number;
  #running = 0;

  constructor(deps: ImagePusherDeps) {
    this.#deps = deps;
    this.#lastUseMs = deps.clock.monotonicMs();
  }

  async push(request: PushRequest, signal: AbortSignal): Promise<PushState> {
    const ask = (onBegin: () => void, waiting: AbortSignal): Promise<PushState | LayerState> =>
      this.#askers.run(() => {
        onBegin();
        return this.#ask({ kind: 'Push', push: request, world: this.#deps.world }, []);
      }, waiting);
    const state = (await this.#inTurn(ask, 'other pushes', signal)) as PushState;
    if (state.complete) await this.#deps.onImported(signal);
    return state;
  }

  takeLayer(upload: LayerUpload, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<LayerState> {
    const take = (onBegin: () => void, waiting: AbortSignal): Promise<PushState | LayerState> => {
      const takeNow = async (): Promise<PushState | LayerState> => {
        onBegin();
        try {
          return await this.#ask({ kind: 'Layer', upload, world: this.#deps.world }, body);
        } finally {
          this.#sentMs.set(upload.diffID, this.#deps.clock.monotonicMs());
        }
      };
      return this.#layers.run(upload.diffID, () => this.#takers.run(takeNow, waiting), waiting);
    };
    return this.#inTurn(take, 'layers of other pushes', signal) as Promise<LayerState>;
  }

  /** @throws StatusError `TooManyRequests` when it has not begun in time */
  async #inTurn<T>(
    task: (onBegin: () => void, waiting: AbortSignal) => Promise<T>,
    busyWith: string,
    signal: AbortSignal,
  ): Promise<T> {
    const tooLate = (): StatusError =>
      new StatusError('TooManyRequests', `the device is busy with ${busyWith}`, { details: { retryAfterSeconds } });
    return await begunInTime(task, { clock: this.#deps.clock, timeoutMs: placeTimeoutMs, tooLate }, signal);
  }

  /** Removes what came in part and was never completed, when it starts and each hour; until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, removeDirectory, removeOlder, world } = this.#deps;
    const whileUnused: WhileUnused = (name, remove) => this.#whileUnused(`sha256:${name}`, remove, signal);
    while (!signal.aborted) {
      for (const [diffID, sentMs] of this.#sentMs) {
        if (clock.monotonicMs() - sentMs >= spoolLifetimeMs) this.#sentMs.delete(diffID);
      }
      // By the clock of the device: one that is switched off every day never gets to the end of a day of ours.
      await removeOlder(world.spool, spoolLifetimeMs, whileUnused).catch(() => {});
      try {
        await clock.sleep(lookIntervalMs, signal);
      } catch {
        return;
      }
      // By one that does not jump, as the clock of the device may never be set.
      const isOld = clock.monotonicMs() - this.#lastUseMs >= spoolLifetimeMs;
      if (isOld && this.#running === 0) await removeDirectory(world.spool);
    }
  }

  /** Who sent a part of it today goes on with it, whatever the clock of the device was then and is now. */
  async #whileUnused(diffID: string, remove: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#sentMs.has(diffID) || this.#layers.isBusy(diffID)) return;
    await this.#layers.run(diffID, remove, signal);
  }

  async #ask(
    request: ChildRequest,
    body: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  ): Promise<PushState | LayerState> {
    const { runChild, nodeProgram, imagesProgram, clock, stopping } = this.#deps;
    let bodyFailure: unknown;
    const input = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${JSON.stringify(request)}\n`);
      try {
        yield* Array.isArray(body) ? body : withoutStall(body as AsyncIterable<Uint8Array>, clock, stallTimeoutMs);
      } catch (error) {
        bodyFailure = error;
        throw error;
      }
    };
    const ask = async (): Promise<string> => {
      this.#running += 1;
      try {
        const options = { input: input(), timeoutMs: childTimeoutMs, env: childMemory };
        const { exitCode, stdout, stderr } = await runChild(nodeProgram, [imagesProgram], stopping, options);
        if (exitCode === 0) return stdout;
        throw new StatusError('InternalError', `the image child ended with ${exitCode}: ${stderr.slice(-2_000)}`);
      } finally {
        this.#running -= 1;
        this.#lastUseMs = clock.monotonicMs();
      }
    };
    const answer = JSON.parse(await ask()) as ChildAnswer;
    if ('result' in answer) return answer.result;
    // The child only sees that the body ends early.
    if (bodyFailure !== undefined) throw asBodyFailure(bodyFailure);
    const reason = answer.reason in httpStatusByReason ? (answer.reason as Reason) : 'InternalError';
    throw new StatusError(reason, answer.message);
  }
}

function asBodyFailure(error: unknown): StatusError {
  if (isStatusError(error)) return error;
  return new StatusError('Timeout', 'the client is gone', { cause: error });
}
