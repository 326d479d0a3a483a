/** Joins the parts of the containerd adapter. */
import { randomBytes } from 'node:crypto';
import { runChild } from '../../host/run-child.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Images, Runtime } from '../runtime.ts';
import { createGrpcClient, type GrpcClient } from './grpc/client.ts';
import { ContainerdImages } from './images/containerd-images.ts';
import { criNamespace } from './methods.ts';
import { nativeArchitectures } from './native-architecture.ts';
import { pauseImageName } from './pause-image.ts';
import { ContainerdRuntime } from './runtime.ts';
import { sweepOrphanExecs } from './streams/sweep-orphan-execs.ts';

export interface ContainerdRuntimeOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** containerd's socket. */
  readonly socketPath: string;
  /** containerd's root directory, whose file system is flushed after a pull. */
  readonly root: string;
  /** A directory of ours on tmpfs for the FIFOs of execs. */
  readonly fifoDirectory: string;
  /** What the runtime's configuration calls the sandbox image. Default: the built-in one. */
  readonly sandboxImage?: string;
  /** Path of the program that holds containers until somebody attaches. Default: none, and no container is held. */
  readonly holdProgram?: string | undefined;
  /** Architectures this device runs, the preferred one first. Default: this process' own. */
  readonly architectures?: readonly string[];
  /** Milliseconds without progress after which a pull is given up. Default 60,000. */
  readonly pullStallTimeoutMs?: number;
  /** Called before each sandbox. Default: nothing is to be done. */
  readonly prepareNetwork?: (signal: AbortSignal) => Promise<void>;
}

export interface ContainerdPlace {
  readonly socketPath: string;
  /** Its root directory. */
  readonly root: string;
  /** Architectures this device runs, the preferred one first. */
  readonly architectures: readonly string[];
}

export interface ContainerdAdapter {
  readonly runtime: Runtime;
  readonly images: Images;
  /** Where it is, for a child process of ours that talks to it. */
  readonly place: ContainerdPlace;
  /** For what goes beyond the port: sweeping after a crash, the managed process. */
  readonly grpc: GrpcClient;
  /**
   * Makes images good that were not flushed to disk when the power was cut. Call it once at start, after stale
   * sandboxes were removed and before the first pod; see `SyncedImages.settle`.
   */
  settleImages(isNewBoot: boolean, signal: AbortSignal): Promise<readonly string[]>;
  /** Ends execs whose clients died with a former eliotd; resolves with how many there were. */
  sweepOrphanExecs(): Promise<number>;
  close(): void;
}

/** Builds the adapter; nothing is connected before the first call. */
export function createContainerdRuntime(options: ContainerdRuntimeOptions): ContainerdAdapter {
  const { clock, log, socketPath, root, fifoDirectory, architectures = nativeArchitectures() } = options;
  const grpc = createGrpcClient({ socketPath, clock, metadata: criNamespace });
  const stall = options.pullStallTimeoutMs === undefined ? {} : { pullStallTimeoutMs: options.pullStallTimeoutMs };
  const sandboxImage = options.sandboxImage ?? pauseImageName;
  const images = new ContainerdImages({ grpc, clock, log, runChild, root, architectures, sandboxImage, ...stall });
  const closing = new AbortController();
  const execPrefix = `eliot-${randomBytes(4).toString('hex')}-`;
  const runtime = new ContainerdRuntime({
    grpc,
    clock,
    log,
    fifoDirectory,
    execPrefix,
    holdProgram: options.holdProgram,
    sandboxImage,
    prepareNetwork: options.prepareNetwork ?? (async () => {}),
    onUnpacked: (image) => {
      // The container does not wait for it; without the mark the image is only unpacked once more after a power cut.
      images
        .status(image, closing.signal)
        .then((status) => status && images.synced.markUnpacked(status.id, closing.signal))
        .catch((error: unknown) => {
          if (!closing.signal.aborted) log.warn('image not marked as flushed to disk', { image, error });
        });
    },
  });
  return {
    runtime,
    images,
    place: { socketPath, root, architectures },
    grpc,
    settleImages: (isNewBoot, signal) => images.synced.settle(isNewBoot, signal),
    sweepOrphanExecs: () => sweepOrphanExecs({ grpc, clock, log, fifoDirectory, execPrefix }),
    close: () => {
      closing.abort();
      grpc.close();
    },
  };
}
