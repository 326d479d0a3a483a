/** Lets the program of a held container begin: tells the process that waits, and waits until it has become the program. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../lib/clock.ts';
import { StatusError } from '../../../lib/status-error.ts';
import { holdName } from './held-container.ts';

/** What the kernel calls the first process of a container before it runs anything: `runc:[2:INIT]`, `crun`. Whole names. */
const beforeItRuns = /^(?:runc|crun|youki)(?::\[.*)?$/;
/** Any byte will do; this one means nothing to a terminal. */
const goOn = Buffer.from([0x06]);
const lookAgainMs = 2;
const patienceMs = 10_000;

export interface HeldProcess {
  /** In the PID namespace of the machine; 0 when it has ended. */
  readonly pid: number;
  /** Writes to its stdin, by the connection whose owner is to see everything. */
  send(bytes: Uint8Array): Promise<void>;
}

/**
 * Resolves when the program runs, at once when it did already. One at a time for each container.
 *
 * @throws StatusError Timeout when the process does not react; the signal's reason when it aborts
 */
export async function releaseHold({ pid, send }: HeldProcess, clock: Clock, signal: AbortSignal): Promise<void> {
  const giveUpAtMs = clock.monotonicMs() + patienceMs;
  let isTold = false;
  for (;;) {
    const name = await nameOf(pid);
    // A process that was told is the program itself once it is no longer ours, whatever its name.
    if (name === undefined || (name !== holdName && (isTold || !beforeItRuns.test(name)))) return;
    if (name === holdName && !isTold) {
      isTold = true;
      await send(goOn);
    } else if (clock.monotonicMs() >= giveUpAtMs) {
      throw new StatusError('Timeout', `the container's program has not begun within ${patienceMs / 1_000} s`);
    } else await clock.sleep(lookAgainMs, signal);
  }
}

/** Undefined when there is no such process. */
async function nameOf(pid: number): Promise<string | undefined> {
  if (pid <= 0) return undefined;
  try {
    return (await readFile(`/proc/${pid}/comm`, 'utf8')).trimEnd();
  } catch {
    return undefined;
  }
}
