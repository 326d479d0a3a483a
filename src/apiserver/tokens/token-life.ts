/**
 * How long a token lives on a device whose clock may be wrong by decades and may jump (docs/adr/0019).
 *
 * Within the boot in which it was issued, its life is measured by the clock that never jumps: a device that starts in
 * 1970 and learns an hour later that it is 2026 locks nobody out, and one that is set back lets nobody in for longer.
 * A token from another boot has only the wall clock, as everywhere.
 */

/** When a token was issued and for how long; part of its claims. */
export interface TokenLife {
  /** Seconds since the epoch by the wall clock of that moment. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The kernel's name for the boot, and the seconds since its start. */
  readonly boot: string;
  readonly sinceBoot: number;
}

export interface Now {
  /** Seconds since the epoch; may be anything. */
  readonly wall: number;
  readonly boot: string;
  readonly sinceBoot: number;
}

/** Kubernetes' leeway between clocks (jwt.DefaultLeeway), in seconds. */
const leewaySeconds = 60;

export function lifeOf(token: TokenLife, now: Now): 'Alive' | 'Expired' | 'NotYetValid' {
  if (token.boot !== '' && token.boot === now.boot) {
    return now.sinceBoot - token.sinceBoot <= token.expiresAt - token.issuedAt ? 'Alive' : 'Expired';
  }
  if (now.wall > token.expiresAt + leewaySeconds) return 'Expired';
  return now.wall < token.issuedAt - leewaySeconds ? 'NotYetValid' : 'Alive';
}
