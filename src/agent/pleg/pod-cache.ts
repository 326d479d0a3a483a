/**
 * The agent's picture of all pods in the runtime, kept by runtime events and a slow relist
 * (pod lifecycle event generator, as the kubelet's PLEG).
 *
 * Guaranteed: the picture is changed before listeners hear of it; a look that failed changes
 * nothing; after the event stream was interrupted everything is compared again, so that no end of a
 * container is missed for longer than one relist. An event is only a hint: the runtime says
 * "exited" some 40 ms after it (runtime-facts 2), so it is asked again until it does.
 */
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Runtime, RuntimeContainer, RuntimeEvent, Sandbox } from '../../runtime/runtime.ts';
import { nothingObserved, type ObservedPod } from '../observed-pod.ts';
import { runtimeLabels } from '../runtime-labels.ts';
import { PodLooker } from './pod-looker.ts';

export interface PodCacheDeps {
  readonly runtime: Pick<Runtime, 'listSandboxes' | 'listContainers' | 'sandboxStatus' | 'containerStatus' | 'events'>;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds between two relists. Default 30,000. */
  readonly relistMs?: number;
}

const defaultRelistMs = 30_000;
/** Waits before looks at a container whose end was announced: close ones when it is due, about 10 s in all. */
const exitLookDelaysMs = [0, 20, 5, 5, 5, 5, 5, 5, 5, 5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120];
const busyLookDelayMs = 50;
const reconnectDelayMs = 200;

export class PodCache {
  readonly #deps: PodCacheDeps;
  readonly #looker: PodLooker;
  readonly #pods = new Map<string, ObservedPod>();
  readonly #uidById = new Map<string, string>();
  readonly #listeners = new Set<(uid: string) => void>();
  readonly #lookListeners = new Set<(uid: string) => void>();
  readonly #listed = Promise.withResolvers<void>();
  /** By uid, a token of the last doubt; a look that began after it ends it. */
  readonly #distrusted = new Map<string, object>();
  #hasListed = false;
  #relisting: Promise<void> | undefined;

  constructor(deps: PodCacheDeps) {
    this.#deps = deps;
    this.#looker = new PodLooker(deps);
  }

  /** Every pod of this instance that the runtime had something of at the last look. */
  list(): readonly ObservedPod[] {
    return [...this.#pods.values()].filter((pod) => pod.sandboxes.length > 0 || pod.containers.length > 0);
  }

  /** The newest picture of a pod; nothing is asked. */
  get(uid: string): ObservedPod | undefined {
    return this.#pods.get(uid);
  }

  /** Resolves after the first successful relist. */
  get whenListed(): Promise<void> {
    return this.#listed.promise;
  }

  /** Calls `listener` with the uid of each pod that changed by itself, not by a `read`. Returns what ends it. */
  onChange(listener: (uid: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** As `onChange`, and for what a `read` found too: whoever acts on a pod reads it afterwards. */
  onLook(listener: (uid: string) => void): () => void {
    this.#lookListeners.add(listener);
    return () => this.#lookListeners.delete(listener);
  }

  /**
   * The pod as it is: from the picture when nobody distrusts it, else the runtime is asked. Once everything was
   * listed, a pod that is not in the picture has nothing in the runtime: only this process makes sandboxes.
   *
   * @throws StatusError of the runtime
   */
  async read(uid: string, signal: AbortSignal): Promise<ObservedPod> {
    const doubt = this.#distrusted.get(uid);
    if (!this.#hasListed || doubt !== undefined) {
      const { observed } = await this.#look(uid, signal);
      if (this.#distrusted.get(uid) === doubt) this.#distrusted.delete(uid);
      return observed;
    }
    return this.#pods.get(uid) ?? nothingObserved(uid, this.#deps.clock.monotonicMs());
  }

  /** To be called before and after something is done to a pod: what was read until now may be wrong. */
  distrust(uid: string): void {
    this.#distrusted.set(uid, {});
  }

  /** Follows the runtime until `signal` aborts; failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#relistForEver(signal), this.#followEvents(signal)]);
  }

  /** Compares everything the runtime has with the picture and looks at what differs. */
  async relist(signal: AbortSignal): Promise<void> {
    // Whoever asks while one is under way may not rely on it: it may have read before the change. Wait, then look anew.
    await this.#relisting?.catch(() => undefined);
    this.#relisting ??= this.#relistOnce(signal).finally(() => (this.#relisting = undefined));
    await this.#relisting;
  }

  async #relistOnce(signal: AbortSignal): Promise<void> {
    const selector = { [runtimeLabels.instance]: this.#deps.instanceId };
    const startedAt = this.#deps.clock.monotonicMs();
    const [sandboxes, containers] = await Promise.all([
      this.#deps.runtime.listSandboxes(selector, signal),
      this.#deps.runtime.listContainers(selector, signal),
    ]);
    const listed = signatures(sandboxes, containers);
    for (const uid of new Set([...listed.keys(), ...this.#pods.keys()])) {
      const known = this.#pods.get(uid);
      // A pod that was looked at since the list began is newer than the list.
      if (known && known.readAtMonotonicMs > startedAt) continue;
      if (known && signatures(known.sandboxes, known.containers).get(uid) === listed.get(uid)) continue;
      await this.#lookAndTell(uid, signal);
    }
    this.#hasListed = true;
    this.#listed.resolve();
  }

  async #lookAndTell(uid: string, signal: AbortSignal): Promise<ObservedPod> {
    const { observed, isChanged } = await this.#look(uid, signal);
    // Whoever is at work on the pod reads it afterwards anyway.
    if (isChanged && !this.#distrusted.has(uid)) for (const listener of [...this.#listeners]) listener(uid);
    return observed;
  }

  async #look(
    uid: string,
    signal: AbortSignal,
  ): Promise<{ readonly observed: ObservedPod; readonly isChanged: boolean }> {
    const previous = this.#pods.get(uid);
    const observed = await this.#looker.look(uid, previous, signal);
    const newest = this.#pods.get(uid);
    // Two looks crossed: the one that began later wins.
    if (newest && newest.readAtMonotonicMs > observed.readAtMonotonicMs) return { observed: newest, isChanged: false };
    const isGone = observed.sandboxes.length === 0 && observed.containers.length === 0;
    for (const { id } of [...(newest?.sandboxes ?? []), ...(newest?.containers ?? [])]) this.#uidById.delete(id);
    for (const { id } of [...observed.sandboxes, ...observed.containers]) this.#uidById.set(id, uid);
    if (isGone) this.#pods.delete(uid);
    else this.#pods.set(uid, observed);
    const isChanged = isDifferent(newest, observed);
    if (isChanged) for (const listener of [...this.#lookListeners]) listener(uid);
    return { observed: isGone ? nothingObserved(uid, observed.readAtMonotonicMs) : observed, isChanged };
  }

  async #relistForEver(signal: AbortSignal): Promise<void> {
    const { clock, log, relistMs = defaultRelistMs } = this.#deps;
    while (!signal.aborted) {
      let pauseMs = relistMs;
      try {
        await this.relist(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('relist of pods failed', { error });
        pauseMs = Math.min(relistMs, 1_000);
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    const { runtime, clock, log } = this.#deps;
    while (!signal.aborted) {
      try {
        for await (const event of runtime.events(signal)) void this.#onEvent(event, signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('runtime events interrupted', { error });
      }
      await clock.sleep(reconnectDelayMs, signal).catch(() => undefined);
    }
  }

  /** Never throws: a failure here is made good by the next relist. */
  async #onEvent(event: RuntimeEvent, signal: AbortSignal): Promise<void> {
    try {
      if (event.type === 'lost') return await this.relist(signal);
      // Not known yet (made a moment ago) or somebody else's on the same containerd: the list tells.
      if (!this.#uidById.has(event.containerId)) {
        if (event.type === 'deleted') return;
        await this.relist(signal);
      }
      const uid = this.#uidById.get(event.containerId);
      if (uid === undefined) return;
      if (event.type === 'exited') this.#announceEnd(uid, event.containerId, event.exitCode);
      if (event.type === 'exited') await this.#lookUntilExited(uid, event.containerId, signal);
      // Only whoever is at work on the pod starts something of it, and it looks when that is done.
      else if (event.type !== 'started' || !this.#distrusted.has(uid)) await this.#lookAndTell(uid, signal);
    } catch (error) {
      if (!signal.aborted) this.#deps.log.debug('look after a runtime event failed', { event: event.type, error });
    }
  }

  /** Whoever is to be started again at once need not wait until the runtime has tidied up. */
  #announceEnd(uid: string, id: string, exitCode: number): void {
    const { clock } = this.#deps;
    const observed = this.#pods.get(uid);
    if (!observed?.containers.some((container) => container.id === id && container.state === 'Running')) return;
    const announcedEnd = { exitCode, atMs: clock.now(), atMonotonicMs: clock.monotonicMs() };
    const containers = observed.containers.map((each) => (each.id === id ? { ...each, announcedEnd } : each));
    this.#pods.set(uid, { ...observed, containers });
    if (!this.#distrusted.has(uid)) for (const listener of [...this.#listeners]) listener(uid);
  }

  /** Asks for the one thing that is to change; the whole pod is looked at when it has. */
  async #lookUntilExited(uid: string, id: string, signal: AbortSignal): Promise<void> {
    const { clock, runtime } = this.#deps;
    for (const delayMs of exitLookDelaysMs) {
      // Whoever is at work on the pod looks itself when it is done; meanwhile questions would only slow the runtime down.
      const waitMs = this.#distrusted.has(uid) ? Math.max(delayMs, busyLookDelayMs) : delayMs;
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      // Another look may have seen the end meanwhile. One that has not been seen to run may be by the next look.
      const known = this.#pods.get(uid);
      const container = known?.containers.find((each) => each.id === id && each.state !== 'Exited');
      const sandbox = known?.sandboxes.find((each) => each.id === id && each.ready);
      if (container === undefined && sandbox === undefined) return;
      const stillRuns = container
        ? (await runtime.containerStatus(container.id, signal)).state !== 'Exited'
        : sandbox !== undefined && (await runtime.sandboxStatus(sandbox.id, signal)).ready;
      if (!stillRuns) break;
    }
    await this.#lookAndTell(uid, signal);
  }
}

/** By pod uid, a text that differs when something began, ended, appeared or vanished. */
function signatures(
  sandboxes: readonly Pick<Sandbox, 'id' | 'ready' | 'uid'>[],
  containers: readonly Pick<RuntimeContainer, 'id' | 'state' | 'labels'>[],
): Map<string, string> {
  const parts = new Map<string, string[]>();
  const add = (uid: string, part: string): void => void parts.set(uid, [...(parts.get(uid) ?? []), part]);
  for (const { uid, id, ready } of sandboxes) add(uid, `${id}:${ready}`);
  for (const { id, state, labels } of containers) add(labels[runtimeLabels.podUid] ?? '', `${id}:${state}`);
  return new Map([...parts].map(([uid, list]) => [uid, list.sort().join()]));
}

function isDifferent(before: ObservedPod | undefined, after: ObservedPod): boolean {
  const text = (pod: ObservedPod | undefined): string =>
    JSON.stringify([
      pod?.sandboxes.map(({ id, ready, ips }) => [id, ready, ips]) ?? [],
      pod?.containers.map(({ id, state, exitCode, reason }) => [id, state, exitCode, reason]) ?? [],
    ]);
  return text(before) !== text(after);
}
