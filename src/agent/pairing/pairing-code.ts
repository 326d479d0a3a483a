/**
 * The one code of a device: who may open one, how often it may be tried, and until when. Pure: what happened goes in, with the
 * time of a clock that never jumps, and the next state comes out.
 *
 * A try is spent when an exchange begins, before anything is known of it, so a thousand at once get five.
 */
import { exchangeTimeoutMs } from '../../api/pairing/exchange.ts';

/** A code may be used so long after it was shown. */
export const codeLifetimeMs = 5 * 60_000;
/** Exchanges that may begin with one code. */
export const maxTries = 5;
/** No new code for so long after one whose tries were spent; twice as long after each further one. */
const firstLockMs = 60_000;
const longestLockMs = 60 * 60_000;

/** For whom a code was made. */
export interface Grant {
  readonly groups: readonly string[];
  /** Name of the person; the laptop's choice when left out. */
  readonly name?: string | undefined;
}

export interface OpenCode {
  /** As `codeOf` gives it. */
  readonly code: string;
  readonly grant: Grant;
  readonly expiresAtMs: number;
  readonly triesLeft: number;
}

export interface PairingState {
  readonly open: OpenCode | undefined;
  /** Codes whose tries were spent since somebody paired. */
  readonly locks: number;
  readonly lockedUntilMs: number;
}

/** An exchange that has begun: it was given the code, and may end with it. */
export interface Try {
  readonly code: OpenCode;
  readonly endsAtMs: number;
}

/** Nothing has happened yet; so it is after each start of eliotd. */
export const noCode: PairingState = { open: undefined, locks: 0, lockedUntilMs: 0 };

/** Opens `code`, which replaces one that was open; or says for how long none may be opened. */
export function openCode(
  state: PairingState,
  { code, grant }: { readonly code: string; readonly grant: Grant },
  nowMs: number,
): { readonly state: PairingState } | { readonly lockedForMs: number } {
  if (nowMs < state.lockedUntilMs) return { lockedForMs: state.lockedUntilMs - nowMs };
  const open = { code, grant, expiresAtMs: nowMs + codeLifetimeMs, triesLeft: maxTries };
  return { state: { ...state, open } };
}

/** Spends a try; no try when no code is open, it has expired, or all of its tries are spent. */
export function beginTry(
  state: PairingState,
  nowMs: number,
): { readonly state: PairingState; readonly begun: Try | undefined } {
  const { open } = state;
  if (open === undefined || nowMs >= open.expiresAtMs || open.triesLeft === 0) return { state, begun: undefined };
  const triesLeft = open.triesLeft - 1;
  const spent = { ...state, open: { ...open, triesLeft } };
  return {
    state: triesLeft > 0 ? spent : lock(spent, nowMs),
    begun: { code: open, endsAtMs: Math.min(open.expiresAtMs, nowMs + exchangeTimeoutMs) },
  };
}

/** Whether a try may still end well: in time, and with a code that is neither used nor replaced. */
export function isAlive(state: PairingState, { code, endsAtMs }: Try, nowMs: number): boolean {
  return nowMs < endsAtMs && state.open?.code === code.code && state.open.expiresAtMs === code.expiresAtMs;
}

/** Somebody has paired: the code is used up, and what was held against earlier ones is forgotten. */
export function useCode(): PairingState {
  return noCode;
}

function lock(state: PairingState, nowMs: number): PairingState {
  const lockMs = Math.min(firstLockMs * 2 ** state.locks, longestLockMs);
  return { ...state, locks: state.locks + 1, lockedUntilMs: nowMs + lockMs };
}
