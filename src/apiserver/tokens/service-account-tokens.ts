/**
 * Bound service account tokens, as Kubernetes issues them: signed by the device's own key, good for an audience, for a
 * time, and no longer than the account (and the pod, Secret or node it is bound to) exists. Nothing is stored: a token
 * is what its signature says and what the store still knows.
 */
import { randomUUID } from 'node:crypto';
import type { Node } from '../../api/kinds/node/types.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import type { ServiceAccount } from '../../api/kinds/service-account.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import { authenticatedGroup, type UserInfo } from '../identity.ts';
import { roleGroups, serviceAccountGroups, serviceAccountUsername } from '../service-account-user.ts';
import { readToken, signToken } from './json-web-token.ts';
import type { TokenKey } from './token-key.ts';
import { lifeOf, type Now } from './token-life.ts';

/** Who signs, and (Kubernetes' default) for whom a token is when nobody says: the API itself. As kubeadm sets it. */
export const issuer = 'https://kubernetes.default.svc.cluster.local';

/** A look at objects that tokens are bound to; undefined when there is none. */
export interface TokenObjects {
  serviceAccount(key: ObjectKey): Promise<ServiceAccount | undefined>;
  pod(key: ObjectKey): Promise<Pod | undefined>;
  secret(key: ObjectKey): Promise<Secret | undefined>;
  node(key: ObjectKey): Promise<Node | undefined>;
}

export interface ServiceAccountTokensDeps {
  readonly key: TokenKey;
  readonly objects: TokenObjects;
  readonly now: () => Now;
  /** A fresh id for each token. Default: random. */
  readonly newTokenId?: () => string;
}

/** An object by name and uid, as claims name it. */
export interface Reference {
  readonly name: string;
  readonly uid: string;
}

export interface TokenWish {
  readonly namespace: string;
  readonly serviceAccount: Reference;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly pod?: Reference | undefined;
  readonly secret?: Reference | undefined;
  /** Where the pod runs; with no pod, what the token is bound to. */
  readonly node?: Reference | undefined;
}

export interface IssuedToken {
  readonly token: string;
  /** Seconds since the epoch, by the wall clock. */
  readonly expiresAt: number;
}

/** Whose token it is; or why it is not good, undefined for one that is none of ours. */
export type TokenVerdict =
  | { readonly kind: 'Good'; readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly kind: 'Bad'; readonly why: string | undefined };

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: Reference;
    readonly pod?: Reference;
    readonly secret?: Reference;
    readonly node?: Reference;
  };
  /** The moment of issue by the clock that never jumps; see `token-life.ts`. */
  readonly 'eliot.run': { readonly boot: string; readonly sinceBoot: number };
}

/** Why a token is no longer good, in Kubernetes' words. */
class InvalidToken extends Error {}

const invalidated = 'service account token has been invalidated';

export class ServiceAccountTokens {
  readonly #deps: ServiceAccountTokensDeps;

  constructor(deps: ServiceAccountTokensDeps) {
    this.#deps = deps;
  }

  /** The public key, for whoever checks tokens without asking the API. */
  get key(): TokenKey {
    return this.#deps.key;
  }

  /** Signs a token; about 0.1 ms. Whether its objects exist is the caller's to know. */
  issue(wish: TokenWish): IssuedToken {
    const { key, now, newTokenId = randomUUID } = this.#deps;
    const { wall, boot, sinceBoot } = now();
    const issuedAt = Math.floor(wall);
    const expiresAt = issuedAt + wish.expirationSeconds;
    const { namespace, serviceAccount, pod, secret, node } = wish;
    const claims: Claims = {
      aud: wish.audiences.length > 0 ? wish.audiences : [issuer],
      exp: expiresAt,
      iat: issuedAt,
      iss: issuer,
      jti: newTokenId(),
      'kubernetes.io': {
        namespace,
        ...(node ? { node } : {}),
        ...(pod ? { pod } : {}),
        ...(secret ? { secret } : {}),
        serviceaccount: serviceAccount,
      },
      nbf: issuedAt,
      sub: serviceAccountUsername({ namespace, name: serviceAccount.name }),
      'eliot.run': { boot, sinceBoot: Math.round(sinceBoot * 1000) / 1000 },
    };
    return { token: signToken(key, claims), expiresAt };
  }

  /** @param audiences one of which the token must be for; default: the API itself */
  async authenticate(token: string, audiences: readonly string[] = [issuer]): Promise<TokenVerdict> {
    const claims = readToken(this.#deps.key, token) as Claims | undefined;
    // Only this class signs with the key, so that a signed token has these claims.
    if (claims === undefined || claims.iss !== issuer) return { kind: 'Bad', why: undefined };
    const common = claims.aud.filter((audience) => audiences.includes(audience));
    try {
      if (common.length === 0) {
        const [has, wants] = [claims.aud, audiences].map((list) => list.map((each) => JSON.stringify(each)).join(' '));
        throw new InvalidToken(`token audiences [${has}] is invalid for the target audiences [${wants}]`);
      }
      this.#checkLife(claims);
      return { kind: 'Good', user: await this.#userOf(claims), audiences: common };
    } catch (error) {
      if (!(error instanceof InvalidToken)) throw error;
      return { kind: 'Bad', why: `[invalid bearer token, ${error.message}]` };
    }
  }

  #checkLife({ iat, exp, 'eliot.run': { boot, sinceBoot } }: Claims): void {
    switch (lifeOf({ issuedAt: iat, expiresAt: exp, boot, sinceBoot }, this.#deps.now())) {
      case 'Alive':
        return;
      case 'Expired':
        throw new InvalidToken('service account token has expired');
      case 'NotYetValid':
        throw new InvalidToken('service account token is not valid yet');
    }
  }

  async #userOf({ 'kubernetes.io': bound, jti }: Claims): Promise<UserInfo> {
    const { namespace, serviceaccount, pod, secret, node } = bound;
    const { objects } = this.#deps;
    const account = await objects.serviceAccount({ namespace, name: serviceaccount.name });
    if (!account) throw new InvalidToken(`serviceaccounts "${serviceaccount.name}" not found`);
    if (account.metadata.uid !== serviceaccount.uid) {
      throw new InvalidToken(
        `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`,
      );
    }
    if (secret) requireSame(await objects.secret({ namespace, name: secret.name }), secret);
    if (pod) requireSame(await objects.pod({ namespace, name: pod.name }), pod);
    // Of a pod's node only the name is a claim about it; a token bound to the node itself ends with it.
    else if (node) requireSame(await objects.node({ name: node.name }), node);
    return {
      username: serviceAccountUsername({ namespace, name: serviceaccount.name }),
      uid: serviceaccount.uid,
      groups: [...new Set([...serviceAccountGroups(namespace), authenticatedGroup, ...roleGroups(account)])],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${jti}`],
        ...(node ? extraOf('node', node) : {}),
        ...(pod ? extraOf('pod', pod) : {}),
      },
    };
  }
}

function extraOf(what: 'node' | 'pod', { name, uid }: Reference): Record<string, readonly string[]> {
  return {
    [`authentication.kubernetes.io/${what}-name`]: [name],
    ...(uid === '' ? {} : { [`authentication.kubernetes.io/${what}-uid`]: [uid] }),
  };
}

/** The object exists and is the one that the token was bound to, not another of its name. */
function requireSame(found: { readonly metadata: { readonly uid?: string } } | undefined, bound: Reference): void {
  if (found === undefined || found.metadata.uid !== bound.uid) throw new InvalidToken(invalidated);
}
