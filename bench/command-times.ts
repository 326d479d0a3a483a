/** Compares commands by running them in turn, so that what else the machine does falls on each of them alike. */
import { childrenCpuMs } from './memory.ts';
import { spreadOf, timeMs } from './statistics.ts';

export interface CommandTimes {
  /** Median of the wall time. */
  readonly wallMs: number;
  /** Mean of user and system time, all threads. */
  readonly cpuMs: number;
}

/** Runs each task `rounds` times, forwards and backwards in turn, after one run that is not counted. */
export async function compareCommands<Name extends string>(
  tasks: Readonly<Record<Name, () => Promise<unknown>>>,
  rounds: number,
): Promise<Readonly<Record<Name, CommandTimes>>> {
  const names = Object.keys(tasks) as Name[];
  const walls = new Map<Name, number[]>(names.map((name) => [name, []]));
  const cpus = new Map<Name, number>(names.map((name) => [name, 0]));
  for (const name of names) await tasks[name]();
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const before = childrenCpuMs();
      walls.get(name)?.push(await timeMs(tasks[name]));
      cpus.set(name, (cpus.get(name) ?? 0) + childrenCpuMs() - before);
    }
  }
  const times = names.map((name) => {
    const wallMs = spreadOf(walls.get(name) ?? []).median;
    return [name, { wallMs, cpuMs: (cpus.get(name) ?? 0) / rounds }] as const;
  });
  return Object.fromEntries(times) as Record<Name, CommandTimes>;
}
