/**
 * Counts the pods of each disruption budget and says in its status how many of them may be evicted. The API takes
 * evictions off that number (`apiserver/registry/evict.ts`) and notes them in `disruptedPods`, so that none is granted
 * twice before it is seen here.
 */
import { jsonEqual } from '../../api/json-value.ts';
import { withCondition } from '../../api/kinds/common/condition.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import {
  disruptionAllowed,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  selectsPod,
} from '../../api/kinds/pod-disruption-budget.ts';
import { formatLabelSelector } from '../../api/labels.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { podDisruptionBudgets } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { type ProcessResult, WorkQueue } from '../../lib/work-queue.ts';
import { follow, runControlLoop } from '../control-loop.ts';
import type { ObjectEvents } from '../object-events.ts';
import { objectKeyOf, queueKey } from '../object-key.ts';
import type { ObjectChange, ObjectSource } from '../object-source.ts';
import { Ages } from '../pods/ages.ts';
import { isStaleCopy } from '../stale-copy.ts';
import { type ComputedBudget, computeBudget, needsScale } from './compute-budget.ts';
import { readScale, type Scale } from './read-scale.ts';

export interface DisruptionControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ObjectEvents;
  readonly budgets: ObjectSource<PodDisruptionBudget>;
  readonly pods: ObjectSource<Pod>;
}

/** Under which Kubernetes' disruption controller reports. */
const component = 'controllermanager';

const nobody: Scale = { wanted: 0, unmanaged: [] };

export class DisruptionController {
  readonly #deps: DisruptionControllerDeps;
  readonly #queue: WorkQueue;
  /** By `uid of the budget/pod`, of evictions that were granted. */
  readonly #ages: Ages;

  constructor(deps: DisruptionControllerDeps) {
    this.#deps = deps;
    this.#ages = new Ages(deps.clock);
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'disruption' }),
      process: (key) => this.#sync(key),
      isPassing: isStaleCopy,
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const ofBudgets = follow(this.#deps.budgets, ({ type, object }) => {
      if (type === 'deleted') this.#forgetGrants(object, {});
      this.#queue.add(queueKey(object.metadata));
    });
    const ofPods = follow(this.#deps.pods, (change) => this.#onPod(change));
    return runControlLoop(this.#queue, [ofBudgets, ofPods], signal);
  }

  #onPod({ object: pod, previous }: ObjectChange<Pod>): void {
    for (const budget of this.#deps.budgets.list()) {
      if (selectsPod(budget, pod) || (previous !== undefined && selectsPod(budget, previous))) {
        this.#queue.add(queueKey(budget.metadata));
      }
    }
  }

  async #sync(key: string): Promise<ProcessResult> {
    const budget = this.#deps.budgets.get(objectKeyOf(key));
    if (budget === undefined) return undefined;
    const pods = this.#deps.pods.list().filter((pod) => selectsPod(budget, pod));
    let scale: Scale;
    try {
      scale = needsScale(budget) ? await readScale(this.#deps.client, pods) : nobody;
    } catch (error) {
      if (isStatusError(error)) throw error;
      await this.#failSafe(budget, error);
      return undefined;
    }
    const computed = this.#compute(budget, pods, scale);
    const { status, notDeleted, againAfterMs } = computed;
    if (!jsonEqual(status, budget.status)) {
      await this.#write(budget, status);
      this.#tell(budget, pods, scale, notDeleted);
      this.#forgetGrants(budget, status.disruptedPods ?? {});
    }
    return againAfterMs === undefined ? undefined : { againAfterMs };
  }

  #compute(budget: PodDisruptionBudget, pods: readonly Pod[], { wanted }: Scale): ComputedBudget {
    return computeBudget(budget, {
      pods,
      scale: wanted,
      sinceGrantMs: (podName, grantedAt) => this.#ages.ageMs(grantId(budget, podName), grantedAt),
      now: formatTime(this.#deps.clock.now()),
    });
  }

  /** What cannot be counted must not be taken from. */
  async #failSafe(budget: PodDisruptionBudget, error: unknown): Promise<void> {
    const { clock, events, log } = this.#deps;
    const message = error instanceof Error ? error.message : String(error);
    const { observedGeneration } = budget.status;
    const conditions = withCondition(
      budget.status.conditions,
      {
        type: disruptionAllowed,
        status: 'False',
        reason: 'SyncFailed',
        message,
        ...(observedGeneration ? { observedGeneration } : {}),
      },
      formatTime(clock.now()),
    );
    const status = { ...budget.status, disruptionsAllowed: 0, conditions };
    if (jsonEqual(status, budget.status)) return;
    await this.#write(budget, status);
    log.warn('the pods of a disruption budget cannot be counted', { budget: queueKey(budget.metadata), error });
    const sentence = `Failed to calculate the number of expected pods: ${message}`;
    events.recordFor(budget, {
      type: 'Warning',
      reason: 'CalculateExpectedPodCountFailed',
      message: sentence,
      component,
    });
  }

  async #write(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus): Promise<void> {
    await this.#deps.client.update(podDisruptionBudgets, { ...budget, status }, { subresource: 'status' });
  }

  #tell(budget: PodDisruptionBudget, pods: readonly Pod[], { unmanaged }: Scale, notDeleted: readonly Pod[]): void {
    const { events } = this.#deps;
    const { namespace, name } = budget.metadata;
    if (pods.length === 0) {
      events.recordFor(budget, { type: 'Normal', reason: 'NoPods', message: 'No matching pods found', component });
    }
    if (unmanaged.length > 0) {
      const selector = formatLabelSelector(budget.spec.selector);
      const message = `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
      events.recordFor(budget, { type: 'Warning', reason: 'UnmanagedPods', message, component });
    }
    for (const pod of notDeleted) {
      const message = `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`;
      events.recordFor(pod, { type: 'Warning', reason: 'NotDeleted', message, component });
    }
  }

  #forgetGrants(budget: PodDisruptionBudget, kept: Readonly<Record<string, string>>): void {
    for (const podName of Object.keys(budget.status.disruptedPods ?? {})) {
      if (!Object.hasOwn(kept, podName)) this.#ages.forget(grantId(budget, podName));
    }
  }
}

function grantId(budget: PodDisruptionBudget, podName: string): string {
  return `${budget.metadata.uid}/${podName}`;
}
