/**
 * How far a pull is, read from what its lease holds: blobs that are complete, and downloads under way.
 *
 * A pull stands still when nothing arrives for a while although something is missing. While everything is there
 * and layers are being unpacked, nothing can be seen and no limit holds. containerd itself waits for ever on a
 * silent registry.
 */

import { type Descriptor, manifestSchema, parseDocument } from '../../../api/oci-documents.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { LayerProgress, PullProgress } from '../../runtime.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { contentService } from '../methods.ts';
import { readBlob } from './content-reader.ts';
import { resourcesOf } from './pull-lease.ts';

const timeoutMs = 20_000;
/** A manifest larger than this is none (containerd's own limit is 4 MiB). */
const maxManifestBytes = 4 * 1024 * 1024;

/** One look at a pull. */
export interface PullSight {
  readonly progress: PullProgress;
  /** Bytes of layers that are on the device. */
  readonly doneBytes: number;
  /** Differs from the one before when anything has moved. */
  readonly fingerprint: string;
}

interface Download {
  readonly offset: number;
  readonly total: number;
}

export class PullProgressReader {
  readonly #grpc: GrpcClient;
  readonly #lease: string;
  #layers: readonly Descriptor[] = [];

  constructor(grpc: GrpcClient, lease: string) {
    this.#grpc = grpc;
    this.#lease = lease;
  }

  async read(signal: AbortSignal): Promise<PullSight> {
    const resources = await resourcesOf(this.#grpc, this.#lease, signal);
    const blobs = new Set(resources.flatMap(({ type, id }) => (type === 'content' ? [id] : [])));
    const refs = new Set(resources.flatMap(({ type, id }) => (type === 'ingests' ? [id] : [])));
    const { statuses } = await this.#grpc.unary(contentService.listStatuses, {}, { signal, timeoutMs });
    const downloads = new Map<string, Download>();
    for (const { ref, offset, total } of statuses) {
      if (refs.has(ref)) downloads.set(ref, { offset: Number(offset), total: Number(total) });
    }
    if (this.#layers.length === 0) this.#layers = await this.#findLayers(blobs, signal);
    return computeSight(this.#layers, blobs, downloads, resources.length);
  }

  /** The manifest is among the first blobs of a pull; containerd has labelled it with what it refers to. */
  async #findLayers(blobs: ReadonlySet<string>, signal: AbortSignal): Promise<readonly Descriptor[]> {
    for (const digest of blobs) {
      const { info } = await this.#grpc.unary(contentService.info, { digest }, { signal, timeoutMs });
      if (info?.labels['containerd.io/gc.ref.content.config'] === undefined) continue;
      const data = await readBlob(this.#grpc, digest, maxManifestBytes, signal);
      return parseDocument(manifestSchema, 'the manifest', data).layers;
    }
    return [];
  }
}

/** Pure. `held` is how many things the lease holds, unpacked layers included. */
export function computeSight(
  layers: readonly Descriptor[],
  blobs: ReadonlySet<string>,
  downloads: ReadonlyMap<string, Download>,
  held: number,
): PullSight {
  const seen = layers.map(({ digest, size }): LayerProgress => {
    const done = blobs.has(digest) ? size : (downloads.get(`layer-${digest}`)?.offset ?? 0);
    return { digest, sizeBytes: size, doneBytes: Math.min(done, size) };
  });
  const isComplete = seen.every(({ doneBytes, sizeBytes }) => doneBytes === sizeBytes);
  const phase = seen.length === 0 ? 'Resolving' : isComplete ? 'Unpacking' : 'Downloading';
  const offsets = [...downloads].map(([ref, { offset }]) => `${ref}=${offset}`).sort();
  return {
    progress: { phase, layers: seen },
    doneBytes: seen.reduce((sum, { doneBytes }) => sum + doneBytes, 0),
    fingerprint: `${held} ${offsets.join(' ')}`,
  };
}

/** Decides from one look after the other whether a pull stands still. */
export class StallWatch {
  readonly #limitMs: number;
  #fingerprint = '';
  #movedAtMs: number;

  /** @param limitMs milliseconds without progress after which a pull is given up */
  constructor(limitMs: number, nowMs: number) {
    this.#limitMs = limitMs;
    this.#movedAtMs = nowMs;
  }

  /** @throws StatusError `Timeout` when nothing has moved for too long */
  look(reference: string, sight: PullSight, nowMs: number): void {
    if (sight.fingerprint !== this.#fingerprint || sight.progress.phase === 'Unpacking') this.#movedAtMs = nowMs;
    this.#fingerprint = sight.fingerprint;
    if (nowMs - this.#movedAtMs < this.#limitMs) return;
    const seconds = Math.round(this.#limitMs / 1_000);
    throw new StatusError('Timeout', `failed to pull image "${reference}": nothing arrived for ${seconds} seconds`);
  }
}
