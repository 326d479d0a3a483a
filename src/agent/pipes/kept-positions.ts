/**
 * Where each pipe goes on after a power cut: one small file on disk for all of them, written at most once a minute, and only when
 * something moved.
 */

import { Alarm } from '../../lib/alarm.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { LogPosition } from './log-position.ts';

export interface KeptPositionsDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The file as it was left; undefined when there is none. */
  readonly read: () => Promise<Buffer | undefined>;
  /** Replaces the file; on disk when it resolves. */
  readonly write: (text: string) => Promise<void>;
  /** By pipe, up to where its target has surely read. */
  readonly collect: () => Promise<ReadonlyMap<string, LogPosition>>;
}

/** Flash wears out: the same interval as for other observations that are kept. */
const saveEveryMs = 60_000;

export class KeptPositions {
  readonly #deps: KeptPositionsDeps;
  readonly #alarm = new Alarm();
  #kept: ReadonlyMap<string, LogPosition> = new Map();
  #text = '';
  #hasMoved = false;

  constructor(deps: KeptPositionsDeps) {
    this.#deps = deps;
  }

  get(pipe: string): LogPosition | undefined {
    return this.#kept.get(pipe);
  }

  /** Never fails: what cannot be read is as if it were not there, and everything that is left in the logs is led again. */
  async load(): Promise<void> {
    try {
      const text = (await this.#deps.read())?.toString() ?? '';
      if (text === '') return;
      this.#kept = new Map(Object.entries(JSON.parse(text) as Record<string, LogPosition>));
      this.#text = text;
    } catch (error) {
      this.#deps.log.error('cannot read where pipes between containers were', { error });
    }
  }

  /** Something moved, or a pipe is gone. */
  readonly changed = (): void => {
    if (this.#hasMoved) return;
    this.#hasMoved = true;
    this.#alarm.ring();
  };

  /** Works until `signal` aborts, and writes once more then. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    signal.addEventListener('abort', this.#alarm.ring, { once: true });
    while (!signal.aborted) {
      // At rest only a change wakes it; timers end at about 24 days.
      if (!this.#hasMoved) await this.#alarm.wait(clock, 2 ** 31 - 1);
      else {
        await clock.sleep(saveEveryMs, signal).catch(() => {});
        if (!signal.aborted) await this.#save();
      }
    }
    signal.removeEventListener('abort', this.#alarm.ring);
    if (this.#hasMoved) await this.#save();
  }

  async #save(): Promise<void> {
    this.#hasMoved = false;
    try {
      const positions = await this.#deps.collect();
      const sorted = [...positions].sort(([a], [b]) => (a < b ? -1 : 1));
      const text = JSON.stringify(Object.fromEntries(sorted));
      if (text === this.#text || (sorted.length === 0 && this.#text === '')) return;
      await this.#deps.write(text);
      this.#text = text;
    } catch (error) {
      this.#hasMoved = true;
      this.#deps.log.warn('cannot keep where pipes between containers are', { error });
    }
  }
}
