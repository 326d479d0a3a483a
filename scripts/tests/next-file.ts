/** Which test file to start next. Pure. */
import type { Level } from './levels.ts';

export interface TestFile {
  readonly level: Level;
  readonly path: string;
}

/** What the machine does, as far as it decides about one more file. */
export interface MachineUse {
  readonly cores: number;
  /** Of all cores, over the last seconds, 0 to 1; undefined until it is known. */
  readonly idleShare: number | undefined;
  readonly sinceLastStartMs: number;
}

/** More files run at once on no machine. */
const mostPerCore = 2;
/** One file more begins when this share of the machine has nothing to do: on a fast one, tests wait more than they compute. */
const idleEnough = 0.35;
/** What a file takes shows only after its devices have been started. */
const settleMs = 2_000;

/**
 * The first file of `waiting` that may start now, if any. As many files as there are cores always run (more of a level that says
 * so); one more only on a machine that is not busy, since tests that are starved fail for no reason.
 */
export function nextFile(
  waiting: readonly TestFile[],
  running: readonly TestFile[],
  { cores, idleShare = 0, sinceLastStartMs }: MachineUse,
): TestFile | undefined {
  const hasRoom = idleShare >= idleEnough && sinceLastStartMs >= settleMs && running.length < cores * mostPerCore;
  return waiting.find(({ level: { name, atOnce, perCore = 1 } }) => {
    const ofLevel = running.filter(({ level }) => level.name === name).length;
    return ofLevel < atOnce && (hasRoom || running.length < cores * perCore);
  });
}
