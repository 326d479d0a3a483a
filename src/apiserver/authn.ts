/** Who makes a request (design D7): one function for client certificates, bearer tokens and the unix socket. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { StatusError } from '../lib/status-error.ts';
import { authenticatedGroup, systemUser, type UserInfo } from './identity.ts';

/** The table of client certificates that were issued and not revoked; `agent/pki` keeps it. */
export interface IssuedClients {
  /** @param fingerprint SHA-256 of the certificate's DER in lower-case hex */
  has(fingerprint: string): boolean;
  /** Calls `listener` for each client that is revoked, until the returned function is called. */
  onRevoked(listener: (client: { readonly fingerprint: string }) => void): () => void;
}

/** Knows bearer tokens. */
export interface TokenReview {
  /** Who holds `token`, or undefined when it is not (or no longer) good. */
  review(token: string): Promise<UserInfo | undefined>;
}

export interface AuthnDeps {
  readonly issuedClients: IssuedClients;
  /** Default: no token is good. */
  readonly tokens?: TokenReview;
}

/** A connection as Node's servers hand it over. */
export type Socket = IncomingMessage['socket'];

/** How a connection came in. The unix socket is for root only, by its file mode. */
export type Listener = 'tls' | 'unix';

export type Authenticate = (listener: Listener, socket: Socket, authorization: string | undefined) => Promise<UserInfo>;

/**
 * @returns the one function by which every caller is recognised; it throws Unauthorized for anybody else,
 *   among them the holder of a certificate whose row was deleted
 */
export function createAuthenticate(deps: AuthnDeps): Authenticate {
  return async (listener, socket, authorization) => {
    if (listener === 'unix') return systemUser('root');
    const user = fromCertificate(deps, socket) ?? (await fromToken(deps, authorization));
    if (!user) throw new StatusError('Unauthorized', 'Unauthorized');
    const groups = new Set([...user.groups, authenticatedGroup]);
    return { ...user, groups: [...groups] };
  };
}

/** The fingerprint of the certificate that a client showed, as `IssuedClients` names it; undefined when it showed none. */
export function clientFingerprint(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { fingerprint256 } = socket.getPeerCertificate();
  return fingerprint256?.replaceAll(':', '').toLowerCase();
}

function fromCertificate(deps: AuthnDeps, socket: Socket): UserInfo | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  const fingerprint = clientFingerprint(socket);
  if (!subject?.CN || !fingerprint || !deps.issuedClients.has(fingerprint)) return undefined;
  const organizations = subject.O as unknown as string | readonly string[] | undefined;
  return {
    username: firstOf(subject.CN),
    groups: organizations === undefined ? [] : [organizations].flat(),
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  };
}

async function fromToken(deps: AuthnDeps, authorization: string | undefined): Promise<UserInfo | undefined> {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
  return token === undefined ? undefined : deps.tokens?.review(token);
}

function firstOf(value: string | readonly string[]): string {
  return typeof value === 'string' ? value : (value[0] ?? '');
}
