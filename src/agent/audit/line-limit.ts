/**
 * Bounds the lines of the log that cost their cause nothing: refusals, which whoever may do nothing can have without end, and
 * what pods do. They must neither wear the flash out nor push out of the log what others did.
 *
 * The same one has one line in ten minutes; each user has few at once and few an hour. What is left out is counted, and the
 * count is told at most once in ten minutes.
 */
import type { AuditedRequest } from '../../apiserver/audit.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { RateBudget } from '../../lib/rate-budget.ts';
import { WorkQueue } from '../../lib/work-queue.ts';
import { sameKey } from './audit-event.ts';

const sameMs = 10 * 60_000;
const maxSame = 100;
const tellMs = 10 * 60_000;
/** Lines of one user: at a kilobyte each, 240 KB in a day. */
const burst = 20;
const perSecond = 10 / 3_600;
/** Users whose lines are counted one by one; those beyond them have one budget together, under the name of nobody. */
const maxUsers = 32;
const everybodyElse = '';

export interface LineLimitDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Told how many lines of a user were left out; undefined for several users together. */
  readonly tellOmitted: (username: string | undefined, count: number) => void;
}

interface UserLines {
  readonly budget: RateBudget;
  omitted: number;
}

export class LineLimit {
  readonly #deps: LineLimitDeps;
  readonly #queue: WorkQueue;
  /** When the same was last written, the longest ago first. */
  readonly #written = new Map<string, number>();
  readonly #users = new Map<string, UserLines>();

  constructor(deps: LineLimitDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#queue = new WorkQueue({ clock, log, process: async (user) => this.#tell(user) });
  }

  /** Whether the request is worth a line; takes note of it. */
  takes(request: AuditedRequest): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    const key = sameKey(request);
    const beforeMs = this.#written.get(key);
    if (beforeMs !== undefined && nowMs - beforeMs < sameMs) return false;
    const { user, impersonator } = request.caller;
    if (!this.#spend((impersonator ?? user).username, nowMs)) return false;
    this.#written.delete(key);
    this.#written.set(key, nowMs);
    const [oldest] = this.#written.keys();
    if (this.#written.size > maxSame && oldest !== undefined) this.#written.delete(oldest);
    return true;
  }

  /** Tells what was left out until `signal` aborts, and then what is left. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run(signal);
    for (const username of this.#users.keys()) this.#tell(username);
  }

  #spend(username: string, nowMs: number): boolean {
    const key = this.#users.has(username) || this.#hasRoom(nowMs) ? username : everybodyElse;
    const lines = this.#users.get(key) ?? { budget: new RateBudget(perSecond, burst, nowMs), omitted: 0 };
    this.#users.set(key, lines);
    if (lines.budget.trySpendOne(nowMs)) return true;
    lines.omitted += 1;
    this.#queue.addAfter(key, tellMs);
    return false;
  }

  /** Forgets those who were quiet so long that they would begin anew. */
  #hasRoom(nowMs: number): boolean {
    if (this.#users.size < maxUsers) return true;
    for (const [username, { budget, omitted }] of this.#users) {
      if (omitted === 0 && budget.spend(0, nowMs) >= burst) this.#users.delete(username);
    }
    return this.#users.size < maxUsers;
  }

  #tell(username: string): undefined {
    const lines = this.#users.get(username);
    if (lines === undefined || lines.omitted === 0) return;
    this.#deps.tellOmitted(username === everybodyElse ? undefined : username, lines.omitted);
    lines.omitted = 0;
  }
}
