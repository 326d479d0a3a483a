/** Watches updates of Deployments that ask for roll-back, and marks ReplicaSets as failed or trusted. */
import type { Deployment } from '../../api/kinds/deployment.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ReplicaSet } from '../../api/kinds/replica-set.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import { isControlledBy } from '../ownership/owner.ts';
import { failedAnnotation, provenAnnotation } from './annotations.ts';
import { type Bake, computeBake } from './bake.ts';
import { hasProgressDeadline } from './compute-status.ts';
import { annotateReplicaSet } from './replica-set-writer.ts';
import {
  describeTrouble,
  type Failure,
  failureOf,
  formatFailure,
  isProven,
  previousRevision,
  type RollBackState,
  rollBackSettings,
} from './roll-back.ts';

export interface RollBackWatchDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
}

export interface RollBackInput {
  readonly deployment: Deployment;
  readonly newest: ReplicaSet;
  readonly old: readonly ReplicaSet[];
  /** Of all ReplicaSets of the Deployment. */
  readonly pods: readonly Pod[];
  readonly isComplete: boolean;
  /** The progress deadline has passed. */
  readonly isLate: boolean;
  readonly waitsForImages: string | undefined;
}

export interface RollBackLook {
  readonly state: RollBackState;
  readonly againAfterMs?: number;
}

export class RollBackWatch {
  readonly #deps: RollBackWatchDeps;
  /** By uid of the Deployment. */
  readonly #bakes = new Map<string, Bake>();

  constructor(deps: RollBackWatchDeps) {
    this.#deps = deps;
  }

  forget(uid: string): void {
    this.#bakes.delete(uid);
  }

  /** Whether an update that may still fail is not in its bake time: nobody would notice that it does not work. */
  isUnwatched(deployment: Deployment, newest: ReplicaSet, old: readonly ReplicaSet[]): boolean {
    if (rollBackSettings(deployment) === undefined || previousRevision(old) === undefined) return false;
    const isBaking = this.#bakes.get(deployment.metadata.uid ?? '')?.uid === newest.metadata.uid;
    return !isBaking && !isProven(newest) && failureOf(newest) === undefined;
  }

  /** What the update has come to. A mark that it sets is durable when this resolves; the next look acts on it. */
  async look(input: RollBackInput): Promise<RollBackLook> {
    const { deployment, newest, old, pods, isComplete, isLate } = input;
    const uid = deployment.metadata.uid ?? '';
    const settings = rollBackSettings(deployment);
    if (settings === undefined) {
      this.forget(uid);
      return { state: { phase: 'Off' } };
    }
    const previous = previousRevision(old);
    const marked = failureOf(newest);
    if (marked !== undefined && previous !== undefined) {
      this.forget(uid);
      return { state: { phase: 'RolledBack', failure: marked, to: previous } };
    }
    if (isProven(newest)) {
      this.forget(uid);
      return { state: { phase: 'Trusted' } };
    }
    const ownPods = pods.filter((pod) => isControlledBy(pod, newest));
    // What has no pods proves nothing; scaled up again, it is an update like any other.
    if (deployment.spec.replicas === 0) this.forget(uid);
    const before = this.#bakes.get(uid);
    const isBaking = isComplete || before?.uid === newest.metadata.uid;
    if (!isBaking || deployment.spec.replicas === 0) {
      if (!isLate || previous === undefined) return { state: { phase: 'RollingOut' } };
      return this.#giveUp(uid, newest, lateness(input, ownPods));
    }
    const outcome = computeBake({
      before,
      replicaSet: newest,
      pods: ownPods,
      isComplete,
      bakeMs: settings.bakeMs,
      deadlineMs: hasProgressDeadline(deployment) ? deployment.spec.progressDeadlineSeconds * 1000 : Infinity,
      monotonicMs: this.#deps.clock.monotonicMs(),
    });
    switch (outcome.kind) {
      case 'Done':
        await annotateReplicaSet(this.#deps, newest, provenAnnotation, formatTime(this.#deps.clock.now()));
        this.forget(uid);
        return { state: { phase: 'Trusted' } };
      case 'Failed':
      case 'Late': {
        const failure = outcome.kind === 'Late' ? lateness(input, ownPods) : outcome.failure;
        // Forgotten only when the mark is written: it may be refused, and then this look must be repeated.
        if (previous !== undefined) return this.#giveUp(uid, newest, failure);
        // The first revision has none before it: it goes on, and is watched from the beginning.
        this.forget(uid);
        return { state: { phase: 'Baking', bakeMs: settings.bakeMs } };
      }
      case 'Baking':
        this.#bakes.set(uid, outcome.bake);
        return {
          state: { phase: 'Baking', bakeMs: settings.bakeMs },
          ...(outcome.againAfterMs === undefined ? {} : { againAfterMs: outcome.againAfterMs }),
        };
    }
  }

  async #giveUp(uid: string, newest: ReplicaSet, failure: Failure): Promise<RollBackLook> {
    await annotateReplicaSet(this.#deps, newest, failedAnnotation, formatFailure(failure));
    this.forget(uid);
    // Not rolled back yet: the change of the ReplicaSet brings the look that does it.
    return { state: { phase: 'RollingOut' } };
  }
}

/** The deadline has passed: what it was that did not come. */
function lateness({ deployment, waitsForImages }: RollBackInput, pods: readonly Pod[]): Failure {
  const trouble = describeTrouble(pods) ?? waitsForImages ?? 'its pods do not become available';
  const message = `no progress in ${deployment.spec.progressDeadlineSeconds} s: ${trouble}`;
  return { reason: 'ProgressDeadlineExceeded', message };
}
