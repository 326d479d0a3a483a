/**
 * One pull, from the first request to the unpacked image: CRI's PullImage under a lease of ours (pull-lease.ts).
 *
 * A connection that breaks or falls silent is made anew, and the download goes on where it was, as long as each try
 * brings something new. So a pull over a bad link ends some time, and a dead registry is told at once.
 */

import { parseImageReference } from '../../../api/image-reference.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { PullProgress, RegistryAuth } from '../../runtime.ts';
import { toStatusError } from '../cri-errors.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { criImages } from '../methods.ts';
import { endLease, openPullLease, resourcesOf } from './pull-lease.ts';
import { PullProgressReader, type PullSight, StallWatch } from './pull-progress.ts';

const lookEveryMs = 1_000;
/** Between a connection that broke and the next one. */
const pauseMs = 1_000;

export interface PullDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds without progress after which a connection is given up. */
  readonly stallTimeoutMs: number;
}

export interface PullRequest {
  /** Full name of the image. */
  readonly name: string;
  readonly auth: RegistryAuth | undefined;
  /** Called about once a second. */
  readonly onProgress: (progress: PullProgress) => void;
}

/**
 * Call it once at a time for a name.
 *
 * @returns the image's id; it is unpacked, but not yet known to be on disk
 * @throws StatusError with the registry's words; what was downloaded is kept for the next try unless it is damaged
 */
export async function pullImage(deps: PullDeps, request: PullRequest, signal: AbortSignal): Promise<string> {
  const { grpc, clock, log } = deps;
  const { name } = request;
  const lease = await openPullLease(grpc, name, signal);
  const reader = new PullProgressReader(grpc, lease);
  for (let bestBytes = 0; ; ) {
    const tried = await tryOnce(deps, request, lease, reader, signal);
    if ('id' in tried) {
      await endLease(grpc, lease, signal);
      return tried.id;
    }
    signal.throwIfAborted();
    const { error } = tried;
    if (isDamaged(error)) {
      await endLease(grpc, lease, signal, { collect: true });
      throw error;
    }
    const { doneBytes } = await lastSight(reader, signal);
    if (doneBytes <= bestBytes) {
      if ((await resourcesOf(grpc, lease, signal).catch(() => undefined))?.length === 0) {
        await endLease(grpc, lease, signal).catch(() => {});
      }
      throw error;
    }
    log.info('a pull was cut and goes on', { image: name, doneBytes, error });
    bestBytes = doneBytes;
    await clock.sleep(pauseMs, signal);
  }
}

type Tried = { readonly id: string } | { readonly error: unknown };

async function tryOnce(
  deps: PullDeps,
  request: PullRequest,
  lease: string,
  reader: PullProgressReader,
  signal: AbortSignal,
): Promise<Tried> {
  const done = new AbortController();
  const pulling = AbortSignal.any([signal, done.signal]);
  try {
    return { id: await Promise.race([call(deps, request, lease, pulling), watch(deps, request, reader, pulling)]) };
  } catch (error) {
    return { error };
  } finally {
    // Ends the loser of the race: the watch, or the call at the runtime.
    done.abort();
  }
}

async function call(deps: PullDeps, request: PullRequest, lease: string, signal: AbortSignal): Promise<string> {
  const { name, auth } = request;
  const metadata = { 'containerd-lease': lease };
  // Without the address containerd would show the login to mirrors as well.
  const login = auth && { ...auth, serverAddress: serverAddressOf(name) };
  try {
    const { imageRef } = await deps.grpc.unary(
      criImages.pullImage,
      { image: { image: name }, auth: login },
      { signal, metadata },
    );
    return imageRef;
  } catch (error) {
    throw toStatusError(error);
  }
}

/** The host that containerd asks for images of this registry. */
function serverAddressOf(name: string): string {
  const { domain } = parseImageReference(name);
  return `https://${domain === 'docker.io' ? 'registry-1.docker.io' : domain}`;
}

/** Tells progress, and throws when there is none. */
async function watch(
  deps: PullDeps,
  request: PullRequest,
  reader: PullProgressReader,
  signal: AbortSignal,
): Promise<never> {
  const { clock, stallTimeoutMs } = deps;
  const stall = new StallWatch(stallTimeoutMs, clock.monotonicMs());
  for (;;) {
    await clock.sleep(lookEveryMs, signal);
    const sight = await reader.read(signal);
    request.onProgress(sight.progress);
    stall.look(request.name, sight, clock.monotonicMs());
  }
}

/** A runtime that cannot be asked has nothing new. */
async function lastSight(reader: PullProgressReader, signal: AbortSignal): Promise<Pick<PullSight, 'doneBytes'>> {
  try {
    return await reader.read(signal);
  } catch {
    signal.throwIfAborted();
    return { doneBytes: 0 };
  }
}

/** What arrived is not what the digest promised: going on from it would fail for ever. */
function isDamaged(error: unknown): boolean {
  return error instanceof StatusError && /unexpected commit (digest|size)|failed size validation/.test(error.message);
}
