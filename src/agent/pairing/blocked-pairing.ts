import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { RateBudget } from '../../lib/rate-budget.ts';

export interface BlockedPairingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Tells who looks at the node that something happened to it. */
  readonly warnNode: (reason: string, message: string) => void;
}

/** Whoever floods a device must not fill its log too. */
const toldPerMinute = 1;
const toldAtOnce = 3;

/** Tells that people may find no place to pair, a few times only, with how often it happened in between. */
export class BlockedPairing {
  readonly #deps: BlockedPairingDeps;
  readonly #budget: RateBudget;
  #leftOut = 0;

  constructor(deps: BlockedPairingDeps) {
    this.#deps = deps;
    this.#budget = new RateBudget(toldPerMinute / 60, toldAtOnce, deps.clock.monotonicMs());
  }

  /** Somebody at this address was not listened to. */
  turnedAway(peer: string): void {
    const { clock, log, warnNode } = this.#deps;
    if (!this.#budget.trySpendOne(clock.monotonicMs())) {
      this.#leftOut += 1;
      return;
    }
    log.warn('pairing blocked', { peer, ...(this.#leftOut === 0 ? {} : { leftOut: this.#leftOut }) });
    warnNode('PairingBlocked', `More want to pair at once than are listened to; ${peer} was turned away`);
    this.#leftOut = 0;
  }
}
