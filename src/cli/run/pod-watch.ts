/** One pod as it changes, for several who wait for different things of it. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { StatusError } from '../../lib/status-error.ts';
import { followObject } from '../commands/follow-object.ts';
import type { CommandContext } from '../context.ts';
import { builtinResource } from '../resources/builtin-resources.ts';
import { throughLosses } from './through-losses.ts';

interface Waiter {
  look(pod: Pod | undefined): void;
  fail(error: unknown): void;
}

export class PodWatch {
  readonly #waiters = new Set<Waiter>();
  readonly #made: { readonly namespace: string | undefined; readonly name: string; readonly uid: string | undefined };
  #latest: Pod | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #patienceMs: number;
  #look = new AbortController();

  /**
   * @param pod as it was made; another one that takes its name counts as gone
   * @param patienceMs milliseconds for which a device that is lost is looked for
   */
  constructor(pod: Pod, patienceMs: number) {
    const { namespace, name = '', uid } = pod.metadata;
    this.#made = { namespace, name, uid };
    this.#latest = pod;
    this.#patienceMs = patienceMs;
  }

  /** To be called when the connection may be lost without anybody having noticed: an idle one says nothing. */
  lookAgain(): void {
    this.#look.abort(new StatusError('ServiceUnavailable', 'the pod is looked at again'));
  }

  /** Follows until `signal` aborts. Whoever waits is told of a failure that lasts; it never rejects. */
  async run(context: CommandContext, signal: AbortSignal): Promise<void> {
    const endurance = { clock: context.io.clock, signal, patienceMs: this.#patienceMs };
    try {
      await throughLosses(endurance, (goesWell) => this.#follow(goesWell, context, signal));
    } catch (error) {
      this.#failure = { error };
      for (const waiter of this.#waiters) waiter.fail(error);
    }
  }

  async #follow(goesWell: () => void, context: CommandContext, signal: AbortSignal): Promise<never> {
    const { namespace, name, uid } = this.#made;
    this.#look = new AbortController();
    const looking = AbortSignal.any([signal, this.#look.signal]);
    for await (const object of followObject({ kind: builtinResource('pods'), namespace, name }, context, looking)) {
      goesWell();
      this.#latest = object?.metadata.uid === uid ? (object as Pod) : undefined;
      for (const waiter of this.#waiters) waiter.look(this.#latest);
    }
    throw new StatusError('InternalError', `nobody looks at ${name} any longer`);
  }

  /**
   * The first answer that `pick` gives of the pod, as it is now or comes to be; it is asked again while that is undefined.
   *
   * @throws what following failed with
   */
  async until<T>(pick: (pod: Pod | undefined) => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter: Waiter = {
      look: (pod) => {
        const picked = pick(pod);
        if (picked !== undefined) resolve(picked);
      },
      fail: reject,
    };
    this.#waiters.add(waiter);
    try {
      waiter.look(this.#latest);
      if (this.#failure !== undefined) reject(this.#failure.error);
      return await promise;
    } finally {
      this.#waiters.delete(waiter);
    }
  }
}
