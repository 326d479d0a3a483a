/** A containerd that somebody else configures, starts and watches (`--containerd ADDRESS`). */
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { type ContainerdAdapter, createContainerdRuntime } from './create-runtime.ts';
import { createGrpcClient } from './grpc/client.ts';
import { criNamespace, criRuntime } from './methods.ts';
import { pauseImageName } from './pause-image.ts';

export interface ForeignOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly socketPath: string;
  readonly fifoDirectory: string;
  /** See `ContainerdRuntimeOptions`. */
  readonly holdProgram?: string;
  readonly pullStallTimeoutMs?: number;
}

export interface ForeignContainerd extends ContainerdAdapter {
  /** What its configuration calls the sandbox image. */
  readonly sandboxImage: string;
}

interface ForeignConfig {
  /** Where it keeps images: the file system that is flushed after a pull. */
  readonly root: string;
  readonly sandboxImage: string;
}

/** containerd's own defaults, should it not answer now. */
const defaults: ForeignConfig = { root: '/var/lib/containerd', sandboxImage: pauseImageName };
const askTimeoutMs = 5_000;

/** Asks it for what of its configuration matters here, and builds the adapter; one that is down is no failure. */
export async function openForeignContainerd(options: ForeignOptions, signal: AbortSignal): Promise<ForeignContainerd> {
  const { root, sandboxImage } = await readConfig(options, signal);
  return { ...createContainerdRuntime({ ...options, root, sandboxImage }), sandboxImage };
}

async function readConfig(options: ForeignOptions, signal: AbortSignal): Promise<ForeignConfig> {
  const { socketPath, clock, log } = options;
  const grpc = createGrpcClient({ socketPath, clock, metadata: criNamespace });
  try {
    const { info } = await grpc.unary(criRuntime.status, { verbose: true }, { signal, timeoutMs: askTimeoutMs });
    return parseForeignConfig(info['config'] ?? '{}');
  } catch (error) {
    signal.throwIfAborted();
    log.warn('containerd does not tell its configuration; the usual one is assumed', { socket: socketPath, error });
    return defaults;
  } finally {
    grpc.close();
  }
}

/** @param text `config` of CRI's verbose status: JSON with `containerdRootDir` and `sandboxImage` */
export function parseForeignConfig(text: string): ForeignConfig {
  const config = JSON.parse(text) as { readonly containerdRootDir?: string; readonly sandboxImage?: string };
  return {
    root: config.containerdRootDir || defaults.root,
    sandboxImage: config.sandboxImage || defaults.sandboxImage,
  };
}
