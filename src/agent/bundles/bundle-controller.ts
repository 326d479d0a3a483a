/**
 * Runs bundles: each one is a source of desired state. Applies the version that is wanted, says how far it is, comes back to the
 * version before when the new one is not ready in time, and removes what is wanted no more.
 *
 * What is wanted, and what failed, stands in the Bundle's spec, each change of it in one write: wherever this is interrupted, it
 * goes on from there.
 */

import { jsonEqual } from '../../api/json-value.ts';
import {
  type Bundle,
  type BundleSpec,
  type BundleStatus,
  bundleFinalizer,
  bundleKind,
} from '../../api/kinds/bundle.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { bundles as bundleResource, deployments, pods, replicaSets } from '../../api/resources.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import { apiVersionOf } from '../../api/scheme.ts';
import { follow, runControlLoop } from '../../controllers/control-loop.ts';
import type { ObjectEvents } from '../../controllers/object-events.ts';
import type { ObjectSource } from '../../controllers/object-source.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { type DesiredState, sourceLabel } from '../sources/desired-state.ts';
import { SourceController } from '../sources/source-controller.ts';
import { computeBundleStatus } from './compute-bundle-status.ts';
import { type BundleAttempt, type BundleState, computeBundleStep } from './compute-bundle-step.ts';
import { computeUnready } from './compute-readiness.ts';
import { desiredStateOf, sourceOf } from './desired-state-of.ts';
import type { KeptRecords } from './kept-records.ts';

/** Milliseconds between two looks at something that is under way, and at something that is ready. */
const soonMs = 1_000;
const laterMs = 15_000;
/** Between two looks at images that are wanted no more and still in use. */
const shortestSweepMs = 1_000;
const longestSweepMs = 10 * 60_000;
const component = 'bundle-controller';
/** The key of the queue that stands for all of them: no bundle is called so. */
const sweepKey = '*';

export interface BundleControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** All kinds that are served. */
  readonly kinds: readonly KindDescription[];
  readonly bundles: ObjectSource<Bundle>;
  readonly events: ObjectEvents;
  readonly records: Pick<KeptRecords, 'read' | 'sweep'>;
  /** Whether nothing may be removed now: a bundle is coming, whose record no Bundle refers to yet, or the runtime is not up. */
  readonly isReceiving: () => boolean;
}

/** One bundle while this process runs. */
interface Running {
  readonly source: SourceController;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  desired?: DesiredState;
  /** Since `startedAtMs` this one is to be applied. */
  digest?: string;
  bakeMs: number;
  startedAtMs: number;
  /** Since then everything was ready at each look. */
  readySinceMs: number | undefined;
}

export class BundleController {
  readonly #deps: BundleControllerDeps;
  readonly #queue: WorkQueue;
  readonly #running = new Map<string, Running>();
  #sweepAgainMs = shortestSweepMs;

  constructor(deps: BundleControllerDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#queue = new WorkQueue({
      clock,
      log,
      process: (key, signal) => this.#process(key, signal),
      // Somebody else wrote it between our look and our write.
      isPassing: (error) => isStatusError(error, 'Conflict'),
    });
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#queue.add(sweepKey);
    await runControlLoop(
      this.#queue,
      [follow(this.#deps.bundles, ({ object }) => this.#queue.add(object.metadata.name ?? ''))],
      signal,
    );
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #process(name: string, signal: AbortSignal): Promise<ProcessResult> {
    if (name === sweepKey) return await this.#sweep(signal);
    const found = this.#deps.bundles.get({ name });
    if (found === undefined) {
      await this.#end(name);
      this.#queue.add(sweepKey);
      return undefined;
    }
    // Lists leave out what kind their items are.
    const bundle: Bundle = { ...found, apiVersion: apiVersionOf(bundleKind), kind: bundleKind.kind };
    const running = this.#running.get(name) ?? this.#start(name, signal);
    return bundle.metadata.deletionTimestamp === undefined
      ? await this.#keep(bundle, running, signal)
      : await this.#remove(bundle, running);
  }

  async #keep(bundle: Bundle, running: Running, signal: AbortSignal): Promise<ProcessResult> {
    const { clock } = this.#deps;
    const { spec } = bundle;
    let attempt: BundleAttempt;
    try {
      const desired = await this.#setDesired(bundle, running);
      attempt = await this.#look(running, desired, signal);
    } catch (error) {
      if (!isStatusError(error, 'Invalid', 'BadRequest')) throw error;
      attempt = { state: 'Refused', message: error.message };
    }
    const step = computeBundleStep(spec, attempt, clock.monotonicMs() - running.startedAtMs, running.bakeMs);
    switch (step.action) {
      case 'Prove':
        await this.#writeSpec(bundle, step.spec);
        this.#tell(bundle, 'Normal', 'BundleReady', `version ${spec.version} is ready`);
        return { againAfterMs: soonMs };
      case 'Return':
        await this.#writeSpec(bundle, step.spec);
        this.#tell(
          bundle,
          'Warning',
          'RolledBack',
          `version ${spec.version} was taken back, ${step.spec.version} is applied again: ${step.message}`,
        );
        return { againAfterMs: soonMs };
      case 'Wait':
      case 'Stay': {
        if (await this.#writeStatus(bundle, step.state, step.message, attempt)) {
          if (step.state === 'NotReady') this.#tell(bundle, 'Warning', 'BundleNotReady', step.message);
          if (step.state === 'Refused') this.#tell(bundle, 'Warning', 'BundleRefused', step.message);
          if (step.action === 'Stay') this.#queue.add(sweepKey);
        }
        return { againAfterMs: step.action === 'Stay' ? laterMs : soonMs };
      }
    }
  }

  /** Everything it brought goes, then the Bundle itself. */
  async #remove(bundle: Bundle, running: Running): Promise<ProcessResult> {
    const name = bundle.metadata.name ?? '';
    const hash = 'nothing';
    if (running.desired?.hash !== hash) {
      running.desired = { name: sourceOf(name), version: 'none', hash, objects: [] };
      running.source.setDesired(running.desired);
    }
    const { status } = running.source;
    const isGone = status.state === 'Applied' && status.hash === hash;
    if (!isGone) {
      const message = 'what it brought is being removed';
      await this.#write(bundle, { ...bundle.status, state: 'Removing', message });
      return { againAfterMs: soonMs };
    }
    const finalizers = (bundle.metadata.finalizers ?? []).filter((each) => each !== bundleFinalizer);
    await ignoreGone(
      this.#deps.client.update(bundleResource, { ...bundle, metadata: { ...bundle.metadata, finalizers } }),
    );
    return undefined;
  }

  async #sweep(signal: AbortSignal): Promise<ProcessResult> {
    if (this.#deps.isReceiving()) return { againAfterMs: soonMs };
    const { client, records } = this.#deps;
    const isLeft = await records.sweep(
      async () => (await client.list<Bundle>(bundleResource, {}, signal)).items,
      signal,
    );
    // Pods end within seconds; old ReplicaSets may want their images for months.
    this.#sweepAgainMs = isLeft ? Math.min(this.#sweepAgainMs * 2, longestSweepMs) : shortestSweepMs;
    return isLeft ? { againAfterMs: this.#sweepAgainMs } : undefined;
  }

  #start(name: string, signal: AbortSignal): Running {
    const { client, clock, log, kinds } = this.#deps;
    const source = new SourceController({
      client,
      clock,
      log,
      kinds,
      name: sourceOf(name),
      onAttempt: () => this.#queue.add(name),
    });
    const stop = new AbortController();
    const ended = source.run(AbortSignal.any([signal, stop.signal]));
    const running: Running = {
      source,
      stop,
      ended,
      bakeMs: 0,
      startedAtMs: clock.monotonicMs(),
      readySinceMs: undefined,
    };
    this.#running.set(name, running);
    return running;
  }

  async #end(name: string): Promise<void> {
    const running = this.#running.get(name);
    running?.stop.abort();
    await running?.ended;
    this.#running.delete(name);
  }

  /** @throws StatusError `Invalid` when there is no record of the version, or this eliotd cannot read it */
  async #setDesired({ metadata, spec }: Bundle, running: Running): Promise<DesiredState> {
    const { clock, records } = this.#deps;
    const hash = spec.digest.replace('sha256:', '');
    if (running.desired?.hash === hash) return running.desired;
    if (running.digest !== spec.digest) running.startedAtMs = clock.monotonicMs();
    running.digest = spec.digest;
    const record = await records.read(metadata.name ?? '', spec.digest);
    if (record === undefined) {
      throw new StatusError('Invalid', `version ${spec.version} is not on the device any more; apply the bundle again`);
    }
    // It may have been lost for a while until it was applied again.
    running.startedAtMs = clock.monotonicMs();
    running.bakeMs = record.bakeSeconds * 1_000;
    running.readySinceMs = undefined;
    const desired = desiredStateOf(record);
    running.desired = desired;
    running.source.setDesired(desired);
    return desired;
  }

  async #look(running: Running, desired: DesiredState, signal: AbortSignal): Promise<BundleAttempt> {
    const { status } = running.source;
    if (status.state === 'Unknown' || status.hash !== desired.hash) return { state: 'Pending' };
    if (status.state === 'Refused') return { state: 'Refused', message: status.message };
    if (status.state === 'Progressing') return { state: 'Pending' };
    const live: KubeObject[] = [];
    for (const [resource, kind] of [
      [pods, 'Pod'],
      [deployments, 'Deployment'],
      [replicaSets, 'ReplicaSet'],
    ] as const) {
      if (!desired.objects.some((each) => each.kind.kind === kind)) continue;
      const options = { labelSelector: `${sourceLabel}=${desired.name}` };
      const { items } = await this.#deps.client.list<KubeObject>(resource, options, signal);
      live.push(...items.map((item) => ({ ...item, kind })));
    }
    const unready = computeUnready(live);
    const nowMs = this.#deps.clock.monotonicMs();
    running.readySinceMs = unready.length > 0 ? undefined : (running.readySinceMs ?? nowMs);
    return { state: 'Applied', unready, readyForMs: nowMs - (running.readySinceMs ?? nowMs) };
  }

  async #writeSpec(bundle: Bundle, spec: BundleSpec): Promise<void> {
    await this.#deps.client.update(bundleResource, { ...bundle, spec });
  }

  /** @returns whether the state is another one than before */
  async #writeStatus(bundle: Bundle, state: BundleState, message: string, attempt: BundleAttempt): Promise<boolean> {
    const { spec, status } = bundle;
    const applied = attempt.state === 'Applied' ? { version: spec.version, digest: spec.digest } : undefined;
    const finding = { state, message, applied, generation: bundle.metadata.generation };
    const next = computeBundleStatus(status, finding, formatTime(this.#deps.clock.now()));
    await this.#write(bundle, next);
    return status.state !== state;
  }

  async #write(bundle: Bundle, status: BundleStatus): Promise<void> {
    if (jsonEqual(status, bundle.status)) return;
    await ignoreGone(this.#deps.client.update(bundleResource, { ...bundle, status }, { subresource: 'status' }));
  }

  #tell(bundle: Bundle, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#deps.events.recordFor(bundle, { type, reason, message, component });
    const { name = '' } = bundle.metadata;
    this.#deps.log[type === 'Normal' ? 'info' : 'warn'](`bundle: ${reason}`, { bundle: name, why: message });
  }
}

/** It was changed or removed meanwhile: the next look, which that asks for, sees it. */
async function ignoreGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isStatusError(error, 'NotFound', 'Conflict')) throw error;
  }
}
