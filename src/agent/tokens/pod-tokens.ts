/**
 * The tokens of the pods that run here: issued when a volume asks for one, kept until four fifths of their life are
 * over, then issued anew. They stand in memory and in the pods' volumes on tmpfs, never on disk.
 */
import { randomInt } from 'node:crypto';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { ServiceAccount } from '../../api/kinds/service-account.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import type { TokenWish } from '../../apiserver/tokens/service-account-tokens.ts';
import type { Clock } from '../../lib/clock.ts';

/** What a projected volume asks for. */
export interface TokenProjection {
  /** Default: the API itself. */
  readonly audience?: string | undefined;
  readonly expirationSeconds: number;
}

/** An informer of service accounts, as it is used here. */
export interface AccountSource {
  get(key: ObjectKey): ServiceAccount | undefined;
  /** @returns what ends it */
  onChange(listener: (change: { readonly type: string; readonly object: ServiceAccount }) => void): () => void;
}

export interface PodTokensDeps {
  readonly clock: Clock;
  readonly accounts: AccountSource;
  readonly issue: (wish: TokenWish) => { readonly token: string };
  /** The device's own node, for the claims. */
  readonly node: () => TokenWish['node'];
  /** Has the pod's volumes looked at. */
  readonly wake: (uid: string) => void;
  /** Milliseconds by which a renewal comes early, so that pods which started together spread. Default: up to 10 s. */
  readonly jitterMs?: () => number;
}

interface HeldToken {
  readonly token: string;
  readonly accountUid: string;
  readonly dueMonotonicMs: number;
  readonly endMonotonicMs: number;
  /** Wall clock minus monotonic clock at the issue: it changes when the clock is set. */
  readonly clockOffsetMs: number;
}

/** The kubelet's: a token is renewed after this part of its life, at the latest after a day, a little early. */
const renewAfter = 0.8;
const renewAtLatestMs = 24 * 3_600_000;
const maxJitterMs = 10_000;
/** Tokens live ten minutes at least, so that looking this often is enough. */
const lookEveryMs = 60_000;
/** When the clock was set by more than this, tokens say wrong times to those who check them without asking the API. */
const clockToleranceMs = 30_000;

export class PodTokens {
  readonly #deps: PodTokensDeps;
  /** By pod uid, then by what was asked for. */
  readonly #held = new Map<string, Map<string, HeldToken>>();
  /** By pod uid, the account that it waits for, as `namespace/name`. */
  readonly #missing = new Map<string, string>();

  constructor(deps: PodTokensDeps) {
    this.#deps = deps;
  }

  /** @throws Error in the kubelet's words when the account is gone and the last token is over */
  token(pod: Pod, { audience = '', expirationSeconds }: TokenProjection): string {
    const { clock, accounts, issue, node, jitterMs = () => randomInt(maxJitterMs) } = this.#deps;
    const { uid = '', name = '', namespace = '' } = pod.metadata;
    const wanted = `${expirationSeconds} ${audience}`;
    const held = this.#held.get(uid)?.get(wanted);
    const accountName = pod.spec.serviceAccountName ?? '';
    const account = accounts.get({ namespace, name: accountName });
    const now = clock.monotonicMs();
    if (account === undefined) {
      // The pod goes on with what it has, as long as that lasts.
      if (held && now < held.endMonotonicMs) return held.token;
      this.#missing.set(uid, `${namespace}/${accountName}`);
      throw new Error(`failed to fetch token: serviceaccounts "${accountName}" not found`);
    }
    this.#missing.delete(uid);
    const accountUid = account.metadata.uid ?? '';
    if (held && held.accountUid === accountUid && !this.#isDue(held)) return held.token;

    const { token } = issue({
      namespace,
      serviceAccount: { name: accountName, uid: accountUid },
      audiences: audience === '' ? [] : [audience],
      expirationSeconds,
      pod: { name, uid },
      node: node(),
    });
    const lifeMs = expirationSeconds * 1000;
    const tokens = this.#held.get(uid) ?? new Map<string, HeldToken>();
    this.#held.set(
      uid,
      tokens.set(wanted, {
        token,
        accountUid,
        dueMonotonicMs: now + Math.min(lifeMs * renewAfter, renewAtLatestMs) - jitterMs(),
        endMonotonicMs: now + lifeMs,
        clockOffsetMs: clock.now() - now,
      }),
    );
    return token;
  }

  /** The pod has ended. */
  forget(uid: string): void {
    this.#held.delete(uid);
    this.#missing.delete(uid);
  }

  /** Has tokens renewed in time, and when the clock was set. Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, wake, accounts } = this.#deps;
    // What was made before its pod can be heard of after it.
    const stop = accounts.onChange(({ type, object: { metadata } }) => {
      if (type === 'added') this.#onAccount(`${metadata.namespace}/${metadata.name}`);
    });
    try {
      while (!signal.aborted) {
        await clock.sleep(lookEveryMs, signal).catch(() => {});
        if (signal.aborted) return;
        for (const [uid, tokens] of this.#held) {
          if ([...tokens.values()].some((held) => this.#isDue(held))) wake(uid);
        }
      }
    } finally {
      stop();
    }
  }

  #onAccount(name: string): void {
    for (const [uid, missing] of this.#missing) if (missing === name) this.#deps.wake(uid);
  }

  #isDue({ dueMonotonicMs, clockOffsetMs }: HeldToken): boolean {
    const { clock } = this.#deps;
    const now = clock.monotonicMs();
    return now >= dueMonotonicMs || Math.abs(clock.now() - now - clockOffsetMs) > clockToleranceMs;
  }
}
