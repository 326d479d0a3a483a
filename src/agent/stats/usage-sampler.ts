/**
 * How much CPU and memory the node and its containers use, read from control groups when somebody asks. CPU is a rate, so two
 * looks are needed: the last one that was asked for, when it is not too old, else one a second ago. Nothing is read, and no
 * timer runs, while nobody asks.
 */
import type { CgroupUsage, MachineUsage, UsageReader } from '../../host/cgroup-usage.ts';
import type { Clock } from '../../lib/clock.ts';

/** A pod that runs, and where its groups are. */
export interface RunningPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cgroup: string;
  readonly containers: readonly RunningContainer[];
}

export interface RunningContainer {
  readonly name: string;
  readonly id: string;
  readonly startedAtMs: number;
}

export interface UsageSamplerDeps {
  readonly reader: UsageReader;
  readonly clock: Clock;
  readonly pods: () => readonly RunningPod[];
}

export interface PodSample {
  readonly pod: RunningPod;
  /** Of the whole pod, its sandbox included. */
  readonly usage: CgroupUsage;
  /** By container name; one that ended meanwhile is left out. */
  readonly containers: ReadonlyMap<string, CgroupUsage>;
}

/** One look. */
export interface Sample {
  readonly monotonicMs: number;
  readonly machine: MachineUsage;
  readonly pods: readonly PodSample[];
}

/** What was used a second, on average over a window. */
export interface Rate {
  readonly nanoCores: number;
  readonly workingSetBytes: number;
}

export interface Rates {
  /** Wall clock at the end of the window. */
  readonly atMs: number;
  readonly windowMs: number;
  readonly node: Rate;
  readonly pods: readonly { readonly pod: RunningPod; readonly containers: ReadonlyMap<string, Rate> }[];
}

/** A shorter window says more about the moment than about the load. */
const shortestWindowMs = 1_000;
/** An older look says nothing about now. */
const longestWindowMs = 120_000;

export class UsageSampler {
  readonly #deps: UsageSamplerDeps;
  #last: Sample | undefined;
  #rates: Rates | undefined;
  #measuring: Promise<Rates> | undefined;

  constructor(deps: UsageSamplerDeps) {
    this.#deps = deps;
  }

  /** Totals since the start of each group. */
  async sample(): Promise<Sample> {
    const { reader, clock, pods } = this.#deps;
    const machine = await reader.machine();
    const monotonicMs = clock.monotonicMs();
    const samples: PodSample[] = [];
    for (const pod of pods()) {
      const usage = await reader.cgroup(pod.cgroup);
      if (usage === undefined) continue;
      const containers = new Map<string, CgroupUsage>();
      for (const { name, id } of pod.containers) {
        const used = await reader.cgroup(`${pod.cgroup}/${id}`);
        if (used !== undefined) containers.set(name, used);
      }
      samples.push({ pod, usage, containers });
    }
    return { monotonicMs, machine, pods: samples };
  }

  /** Takes up to about a second. Several who ask at one time get one answer. */
  async rates(): Promise<Rates> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return await this.#measuring;
  }

  async #measure(): Promise<Rates> {
    const { clock } = this.#deps;
    const ageMs = clock.monotonicMs() - (this.#last?.monotonicMs ?? Number.NEGATIVE_INFINITY);
    if (ageMs < shortestWindowMs && this.#rates) return this.#rates;
    const first = this.#last !== undefined && ageMs <= longestWindowMs ? this.#last : await this.sample();
    const missingMs = first.monotonicMs + shortestWindowMs - clock.monotonicMs();
    if (missingMs > 0) await clock.sleep(missingMs);
    const second = await this.sample();
    this.#last = second;
    this.#rates = computeRates(first, second, clock.now());
    return this.#rates;
  }
}

/** The rates between two looks. A container that started in between is reckoned from its start. */
function computeRates(first: Sample, second: Sample, nowMs: number): Rates {
  const windowMs = Math.max(1, second.monotonicMs - first.monotonicMs);
  const earlier = new Map(
    first.pods.flatMap(({ pod, containers }) =>
      pod.containers.flatMap(({ name, id }) => {
        const usage = containers.get(name);
        return usage === undefined ? [] : [[id, usage] as const];
      }),
    ),
  );
  const rateOf = ({ id, startedAtMs }: RunningContainer, usage: CgroupUsage): Rate => {
    const before = earlier.get(id);
    const [nanos, ms] = before
      ? [usage.cpuNanos - before.cpuNanos, windowMs]
      : // The wall clock may have jumped since the start.
        [
          usage.cpuNanos,
          Math.min(Math.max(nowMs - startedAtMs, shortestWindowMs), Math.max(windowMs, shortestWindowMs)),
        ];
    return { nanoCores: perSecond(nanos, ms), workingSetBytes: usage.memory.workingSet };
  };
  return {
    atMs: nowMs,
    windowMs,
    node: {
      nanoCores: perSecond(second.machine.cpuNanos - first.machine.cpuNanos, windowMs),
      workingSetBytes: second.machine.memory.workingSet,
    },
    pods: second.pods.map(({ pod, containers }) => ({
      pod,
      containers: new Map(
        pod.containers.flatMap((container) => {
          const usage = containers.get(container.name);
          return usage === undefined ? [] : [[container.name, rateOf(container, usage)] as const];
        }),
      ),
    })),
  };
}

function perSecond(nanos: number, ms: number): number {
  return Math.max(0, Math.round((nanos * 1000) / ms));
}
