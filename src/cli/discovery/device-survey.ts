/**
 * Finds out how all devices are: asks the network who is there, and at the same time every paired device for its node, where
 * it was paired, where it was last seen, and where it shows up now. What answers first counts.
 */
import type { Kubeconfig } from '../../client/kubeconfig.ts';
import type { Clock } from '../../lib/clock.ts';
import { Limiter } from '../../lib/limiter.ts';
import type { PairedDevice } from '../devices/paired-devices.ts';
import { askNode } from './ask-node.ts';
import { browse } from './browse.ts';
import { serverOf } from './elsewhere.ts';
import { type FoundDevice, isSameDevice } from './found-devices.ts';
import type { LanAccess } from './lan.ts';
import { type BoardDevice, computeBoard, type NodeAnswer } from './node-board.ts';

export interface SurveyOptions {
  readonly lan: LanAccess;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly paired: readonly PairedDevice[];
  /** Where the paired ones' credentials are. */
  readonly kubeconfig: Kubeconfig | undefined;
  /** What was found the last time. */
  readonly remembered: readonly FoundDevice[];
  /** Called when something is known that was not. */
  readonly onChange: (board: readonly BoardDevice[]) => void;
}

/** Devices that are asked at once: each is a TLS handshake. */
const maxAsked = 8;
/** Who shows up nowhere has so long to answer, since a person waits; who is there but busy, longer. */
const absentMs = 900;
const presentMs = 3_000;

/** One paired device that is being asked. */
interface Asking {
  readonly device: PairedDevice;
  /** Ended when it has answered, or time is up. */
  readonly over: AbortController;
  readonly servers: Set<string>;
  /** Those that have not answered yet. */
  readonly tasks: Set<Promise<void>>;
  /** It has answered where it was paired. */
  isThere: boolean;
}

export class DeviceSurvey {
  readonly #options: SurveyOptions;
  readonly #limiter = new Limiter(maxAsked);
  readonly #answers = new Map<string, NodeAnswer>();
  readonly #asking: readonly Asking[];
  readonly #beginMs: number;
  #found: readonly FoundDevice[] = [];

  constructor(options: SurveyOptions) {
    this.#options = options;
    this.#beginMs = options.clock.monotonicMs();
    this.#asking = options.paired.map((device) => ({
      device,
      over: new AbortController(),
      servers: new Set(),
      tasks: new Set(),
      isThere: false,
    }));
  }

  /** Those that answered on the network. */
  get found(): readonly FoundDevice[] {
    return this.#found;
  }

  /**
   * Paired devices that answered elsewhere and not where they were paired. One that answers at both is still where it was:
   * its address may be one that reaches it from everywhere.
   */
  get moved(): readonly { readonly name: string; readonly server: string }[] {
    return this.#asking.flatMap(({ device: { name }, isThere }) => {
      const answer = this.#answers.get(name);
      return answer?.kind === 'Node' && !isThere ? [{ name, server: answer.server }] : [];
    });
  }

  /** What is known now; until the survey ends, with what was known before. */
  board({ isOver }: { readonly isOver: boolean }): readonly BoardDevice[] {
    const { paired, remembered } = this.#options;
    const silent = remembered.filter((device) => !this.#found.some((other) => isSameDevice(device, other)));
    return computeBoard(paired, isOver ? this.#found : [...this.#found, ...silent], this.#answers);
  }

  /** @throws the reason of the signal */
  async run(): Promise<readonly BoardDevice[]> {
    const { signal, paired, remembered, lan, clock } = this.#options;
    const stop = (): void => this.#asking.forEach(({ over }) => void over.abort(signal.reason));
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (const asking of this.#asking) this.#ask(asking, asking.device.server);
      this.#askWhereFound(remembered);
      const expected = new Set([...paired, ...remembered].map(({ fingerprint }) => fingerprint));
      await browse({
        lan,
        clock,
        signal,
        onChange: (devices) => {
          this.#found = devices;
          this.#askWhereFound(devices);
          this.#tell();
        },
        isComplete: (devices) => {
          const present = new Set(devices.map(({ fingerprint }) => fingerprint));
          return expected.size > 0 && [...expected].every((one) => one === undefined || present.has(one));
        },
      });
      await Promise.all(this.#asking.map((asking) => this.#finish(asking)));
      signal.throwIfAborted();
      return this.board({ isOver: true });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #askWhereFound(devices: readonly FoundDevice[]): void {
    for (const asking of this.#asking) {
      for (const found of devices) {
        if (found.fingerprint === asking.device.fingerprint) this.#ask(asking, serverOf(found));
      }
    }
  }

  /** Repeatable; the same server is asked once. */
  #ask(asking: Asking, server: string | undefined): void {
    const { device, over, servers, tasks } = asking;
    const { kubeconfig } = this.#options;
    if (server === undefined || servers.has(server) || over.signal.aborted || kubeconfig === undefined) return;
    servers.add(server);
    const task = this.#limiter
      .run(async () => askNode(await kubeconfig.target(device.name), server, over.signal), over.signal)
      .catch((): NodeAnswer => ({ kind: 'Failed', why: 'Unreachable' }))
      .then((answer) => {
        tasks.delete(task);
        this.#take(asking, server, answer);
      });
    tasks.add(task);
  }

  #take(asking: Asking, server: string, answer: NodeAnswer): void {
    const { device, over, tasks } = asking;
    if (server === device.server && answer.kind === 'Node') asking.isThere = true;
    if (this.#answers.get(device.name)?.kind === 'Node') return;
    if (answer.kind === 'Failed' && tasks.size > 0) return;
    this.#answers.set(device.name, answer);
    // Whether it is still where it was paired is worth the rest of the time.
    if (asking.isThere) over.abort();
    this.#tell();
  }

  /** Until when a device is waited for. One that has answered is asked for the rest of the time where else it is. */
  #deadlineOf({ device }: Asking): number {
    const isPresent = this.#found.some(({ fingerprint }) => fingerprint === device.fingerprint);
    const hasAnswered = this.#answers.get(device.name)?.kind === 'Node';
    return this.#beginMs + (isPresent && !hasAnswered ? presentMs : absentMs);
  }

  /** Waits for a device until all is answered that it was asked, or until its deadline. */
  async #finish(asking: Asking): Promise<void> {
    const { clock } = this.#options;
    const { tasks, over } = asking;
    for (;;) {
      const leftMs = this.#deadlineOf(asking) - clock.monotonicMs();
      if (tasks.size === 0 || leftMs <= 0) break;
      // Each answer may bring the deadline nearer.
      const enough = new AbortController();
      await Promise.race([...tasks, clock.sleep(leftMs, enough.signal).catch(() => {})]);
      enough.abort();
    }
    over.abort();
    await Promise.all(tasks);
  }

  #tell(): void {
    this.#options.onChange(this.board({ isOver: false }));
  }
}
