/**
 * Opens the container runtime: eliotd's own containerd, or one that is already there (design D3).
 * Nothing here waits for the network.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { ContainerdAdapter } from '../runtime/containerd/create-runtime.ts';
import { openForeignContainerd } from '../runtime/containerd/foreign.ts';
import { createManagedContainerd } from '../runtime/containerd/managed/create-managed.ts';
import { findPrograms } from '../runtime/containerd/managed/find-programs.ts';
import { layoutOf } from '../runtime/containerd/managed/layout.ts';
import type { RegistryHost } from '../runtime/containerd/managed/registry-hosts.ts';
import { ensurePauseImage, type PauseImage } from '../runtime/containerd/pause-image.ts';

export interface OpenRuntimeOptions {
  readonly dataDir: string;
  readonly runDir: string;
  /** `managed`, or the path of a containerd socket. */
  readonly containerd: string;
  readonly podCidr: string;
  readonly bridge: string;
  readonly pause: PauseImage;
  /** Path of the program that holds containers until somebody attaches. */
  readonly holdProgram: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How registries are reached, by host. */
  readonly registries: Readonly<Record<string, RegistryHost>>;
  /** Milliseconds without progress after which a connection of a pull is given up. */
  readonly imagePullProgressDeadline: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface OpenedRuntime extends Pick<ContainerdAdapter, 'runtime' | 'images' | 'place'> {
  /**
   * Brings the runtime up and keeps it up until `signal` aborts. `onReady` is called once, when pods can start.
   * Failures are logged and tried again: the API is served meanwhile.
   */
  run(signal: AbortSignal, onReady: () => void): Promise<void>;
  close(): void;
}

/** @throws StatusError `NotFound` when containerd is to be managed and is not installed, saying how to install it */
export async function openRuntime(options: OpenRuntimeOptions, signal: AbortSignal): Promise<OpenedRuntime> {
  return options.containerd === 'managed' ? openManaged(options) : openForeign(options, signal);
}

async function openManaged(options: OpenRuntimeOptions): Promise<OpenedRuntime> {
  await findPrograms(options.env['PATH'] ?? '');
  const managed = createManagedContainerd({ ...options, pullStallTimeoutMs: options.imagePullProgressDeadline });
  return {
    runtime: managed.runtime,
    images: managed.images,
    place: managed.place,
    run: async (signal, onReady) => {
      const bringUp = async (): Promise<void> => {
        const { isNewBoot } = await managed.start(signal);
        await managed.settleImages(isNewBoot, signal);
      };
      await untilItSucceeds(bringUp, options, signal);
      if (signal.aborted) return;
      onReady();
      await managed.run(signal);
    },
    close: () => managed.close(),
  };
}

/** Somebody else configures and watches that containerd; it must answer, and get our sandbox image if it has none. */
async function openForeign(options: OpenRuntimeOptions, signal: AbortSignal): Promise<OpenedRuntime> {
  const {
    clock,
    log,
    containerd,
    pause,
    holdProgram,
    registries,
    imagePullProgressDeadline: pullStallTimeoutMs,
  } = options;
  const { fifoDirectory } = layoutOf(options);
  if (
    Object.values(registries).some(
      ({ mirrors, ca, plainHttp, skipVerify }) => mirrors[0] ?? ca ?? plainHttp ?? skipVerify,
    )
  ) {
    log.warn(
      'how registries are reached is in the configuration of that containerd: of `registries` only logins are used',
    );
  }
  const foreign = await openForeignContainerd(
    { clock, log, socketPath: containerd, fifoDirectory, holdProgram, pullStallTimeoutMs },
    signal,
  );
  return {
    runtime: foreign.runtime,
    images: foreign.images,
    place: foreign.place,
    run: async (stopping, onReady) => {
      const bringUp = async (): Promise<void> => {
        await ensurePauseImage(foreign.images, pause, stopping, foreign.sandboxImage);
        await foreign.sweepOrphanExecs();
      };
      await untilItSucceeds(bringUp, options, stopping);
      if (!stopping.aborted) onReady();
    },
    close: () => foreign.close(),
  };
}

const retryAfterMs = 2_000;

async function untilItSucceeds(
  task: () => Promise<void>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await task();
    } catch (error) {
      if (signal.aborted) return;
      // Whatever it is, a full disk for example: without the API nobody could do anything about it.
      log.error('the container runtime is not ready and is tried again', { error });
      await clock.sleep(retryAfterMs, signal).catch(() => {});
    }
  }
}
