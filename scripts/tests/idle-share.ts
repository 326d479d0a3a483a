/** How much of the machine has nothing to do. */
import { cpus } from 'node:os';

/** Shorter than this, the kernel's counts of a hundredth of a second say little. */
const leastMs = 1_000;

/** Tells, each time it is asked, about the time since it was last asked a second or more ago. */
export class IdleShare {
  #last = readTimes();
  #lastMs = performance.now();
  #share: number | undefined;

  /** 0 to 1, of all cores; undefined in the first second. */
  read(): number | undefined {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < leastMs) return this.#share;
    const now = readTimes();
    const all = now.all - this.#last.all;
    if (all > 0) this.#share = (now.idle - this.#last.idle) / all;
    this.#last = now;
    this.#lastMs = nowMs;
    return this.#share;
  }
}

function readTimes(): { readonly idle: number; readonly all: number } {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, all };
}
