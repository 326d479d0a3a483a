/**
 * Brings an image of this machine to a device that may have parts of it already, in other images (docs/adr/0046).
 *
 * The device is asked what is missing, and asked again whenever the connection was lost: it is the one who knows what has
 * come. So a push that was cut off at any point, this program's end included, goes on where it was.
 */
import type { LayerState, PushState } from '../../api/image-push/exchange.ts';
import { decodeSteps } from '../../api/image-push/missing-steps.ts';
import type { Clock } from '../../lib/clock.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { LocalImage, LocalLayer } from '../local-images/local-image.ts';
import type { Session } from '../session.ts';
import { type CutLayer, cutLayerHere } from './cut-layer-here.ts';
import { sendLayer } from './send-layer.ts';

/** How far a push is. */
export type PushProgress =
  /** A layer that is missing is read and cut here. */
  | { readonly phase: 'Reading'; readonly doneBytes: number; readonly totalBytes: number | undefined }
  /** The device looks for parts of it in what it has. */
  | { readonly phase: 'Asking' }
  /** What it lacks is sent; bytes before their compression. */
  | { readonly phase: 'Sending'; readonly doneBytes: number; readonly totalBytes: number }
  /** The connection was lost, and is made again. */
  | { readonly phase: 'Waiting'; readonly because: string };

export interface PushResult {
  /** Digest of the configuration. */
  readonly id: string;
  /** Bodies of requests, of those that broke off about what arrived; what TLS and HTTP add is not counted. */
  readonly sentBytes: number;
  /** Of all layers as they lie here. */
  readonly imageBytes: number;
  /** Of the layers that were sent in part, without their compression. */
  readonly newLayerBytes: number;
}

export interface PushOptions {
  readonly clock: Clock;
  readonly onProgress: (progress: PushProgress) => void;
}

/** So many tries in a row bring nothing new before it is given up: two minutes with the pauses between them. */
const maxFruitlessTries = 12;
const firstPauseMs = 500;
const longestPauseMs = 15_000;

/**
 * @param image with one name, full and with a tag
 * @throws StatusError what the device refuses, or why it cannot be reached, after two minutes without any progress; UsageError
 *   when the image is damaged
 */
export async function pushImage(
  session: Pick<Session, 'rest'>,
  image: LocalImage,
  options: PushOptions,
  signal: AbortSignal,
): Promise<PushResult> {
  return await new Push(session, image, options, signal).run();
}

class Push {
  readonly #rest: Session['rest'];
  readonly #image: LocalImage;
  readonly #options: PushOptions;
  readonly #signal: AbortSignal;
  readonly #cuts = new Map<string, CutLayer>();
  /** Uploads that broke off, by layer: how much of them has arrived, the device says next. */
  readonly #broken = new Map<string, BrokenUpload>();
  #sentBytes = 0;
  /** What is there has grown since the last loss. */
  #hasProgress = false;

  constructor({ rest }: Pick<Session, 'rest'>, image: LocalImage, options: PushOptions, signal: AbortSignal) {
    this.#rest = rest;
    this.#image = image;
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<PushResult> {
    for (let fruitless = 0; ; ) {
      try {
        const { id } = await this.#pushOnce();
        const imageBytes = this.#image.layers.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
        const newLayerBytes = [...this.#cuts.values()].reduce((sum, { request }) => sum + request.sizeBytes, 0);
        return { id, sentBytes: this.#sentBytes, imageBytes, newLayerBytes };
      } catch (error) {
        this.#signal.throwIfAborted();
        fruitless = this.#hasProgress ? 1 : fruitless + 1;
        this.#hasProgress = false;
        if (!mayPass(error) || fruitless >= maxFruitlessTries) throw error;
        this.#options.onProgress({ phase: 'Waiting', because: error instanceof Error ? error.message : String(error) });
        // The way may be gone on which they were made.
        this.#rest.transport.closeIdle();
        await this.#options.clock.sleep(Math.min(firstPauseMs * 2 ** (fruitless - 1), longestPauseMs), this.#signal);
      }
    }
  }

  async #pushOnce(): Promise<PushState> {
    for (;;) {
      const state = await this.#ask();
      this.#countArrived(state.layers);
      if (state.complete) return state;
      const missing = state.layers.flatMap((layer, index) => {
        const local = this.#image.layers[index];
        const isFirst = state.layers.findIndex(({ diffID }) => diffID === layer.diffID) === index;
        return layer.state === 'Missing' && local !== undefined && isFirst ? [{ layer, local, index }] : [];
      });
      const uncut = missing.filter(({ local }) => !this.#cuts.has(local.diffID));
      if (uncut.length > 0) {
        await this.#cut(uncut.map(({ local }) => local));
        // With their sizes, so that a device without room for all of them says so before anything is sent. One alone that nothing
        // has come of is refused as early by the upload of its recipe.
        if (missing.length > 1 || missing[0]?.layer.recipeBytes !== 0) continue;
      }
      for (const { layer, local, index } of missing) await this.#send(layer, local, index);
    }
  }

  async #ask(): Promise<PushState> {
    const { names, configuration } = this.#image;
    const { status } = await this.#rest.json<{ readonly status: PushState }>({
      method: 'POST',
      path: '/apis/eliot.run/v1alpha1/imagepushes',
      body: {
        apiVersion: 'eliot.run/v1alpha1',
        kind: 'ImagePush',
        spec: {
          image: names[0],
          configuration: configuration.toString('base64'),
          layers: [...this.#cuts.values()].map(({ request }) => request),
        },
      },
      signal: this.#signal,
      answerTimeoutMs: 10 * 60_000,
    });
    return status;
  }

  async #cut(layers: readonly LocalLayer[]): Promise<void> {
    let before = 0;
    for (const layer of layers) {
      const onBytes = (doneBytes: number): void =>
        this.#options.onProgress({ phase: 'Reading', doneBytes: before + doneBytes, totalBytes: undefined });
      const cut = await cutLayerHere(layer, onBytes, this.#signal);
      this.#cuts.set(layer.diffID, cut);
      before += cut.request.sizeBytes;
    }
  }

  /** What was handed to a connection that broke may have got no further than its buffers. */
  #countArrived(layers: readonly LayerState[]): void {
    for (const [diffID, { state, sentBytes, takenBytes }] of this.#broken) {
      const now = layers.find((layer) => layer.diffID === diffID);
      const cut = this.#cuts.get(diffID);
      if (now === undefined || cut === undefined) continue;
      // The device has not looked yet.
      if (state.missing !== undefined && now.state === 'Missing' && now.missing === undefined) continue;
      this.#broken.delete(diffID);
      const left = now.state === 'Present' ? 0 : sizeToSend(now, cut);
      const before = this.#sentBytes;
      if (state.missing === undefined) {
        this.#sentBytes += Math.min(sentBytes, (now.recipeBytes ?? cut.recipe.length) - (state.recipeBytes ?? 0));
      } else if (takenBytes > 0) {
        // Of the chunks their size before compression is known.
        const arrived = Math.max(0, sizeToSend(state, cut) - left);
        this.#sentBytes += Math.round(arrived * Math.min(1, sentBytes / takenBytes));
      }
      // A link that breaks after little, again and again, brings it all in the end.
      this.#hasProgress ||= this.#sentBytes > before;
    }
  }

  /** Until the device has all of the layer. */
  async #send(first: LayerState, layer: LocalLayer, index: number): Promise<void> {
    const cut = this.#cuts.get(layer.diffID);
    const image = this.#image.names[0];
    if (cut === undefined || image === undefined) throw new Error('unreachable');
    for (let state = first; state.state === 'Missing'; ) {
      const totalBytes = sizeToSend(state, cut);
      let doneBytes = 0;
      if (state.missing === undefined) this.#options.onProgress({ phase: 'Asking' });
      let sentBytes = 0;
      const onSent = (bytes: number): void => {
        sentBytes += bytes;
        this.#hasProgress ||= sentBytes > leastProgressBytes;
      };
      const onTaken = (bytes: number): void => {
        doneBytes += bytes;
        this.#options.onProgress({ phase: 'Sending', doneBytes, totalBytes });
      };
      const upload = { image, layer, cut, index, state, onSent, onTaken };
      const next = await sendLayer(this.#rest, upload, this.#signal).catch((error: unknown) => {
        this.#broken.set(layer.diffID, { state, sentBytes, takenBytes: doneBytes });
        throw error;
      });
      this.#countArrived([next]);
      this.#sentBytes += sentBytes;
      this.#hasProgress = true;
      state = next;
    }
  }
}

/** What a connection takes into its buffers is no progress yet. */
const leastProgressBytes = 1024 * 1024;

interface BrokenUpload {
  /** What was missing before it. */
  readonly state: LayerState;
  /** Handed to the connection. */
  readonly sentBytes: number;
  /** Of chunks, before their compression. */
  readonly takenBytes: number;
}

/** Before compression, which shows only while it is sent. */
function sizeToSend({ missing }: LayerState, { table, recipe }: CutLayer): number {
  if (missing === undefined) return recipe.length;
  return decodeSteps(missing, table.count).reduce((sum, step) => sum + table.chunkBytes(step), 0);
}

/** Lost connections, and a device that restarts; `Conflict`: it has got more, or less, than we thought. */
function mayPass(error: unknown): boolean {
  return isStatusError(error, 'ServiceUnavailable', 'Timeout', 'Conflict', 'TooManyRequests');
}
