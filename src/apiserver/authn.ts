/** Who makes a request (design D7): one function for client certificates, bearer tokens and the unix socket. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { StatusError } from '../lib/status-error.ts';
import { authenticatedGroup, credentialKey, localRoot, type UserInfo } from './identity.ts';
import { impersonate } from './impersonate.ts';
import type { TokenVerdict } from './tokens/service-account-tokens.ts';

/** The table of client certificates that were issued and not revoked; `agent/pki` keeps it. */
export interface IssuedClients {
  /** @param fingerprint SHA-256 of the certificate's DER in lower-case hex */
  has(fingerprint: string): boolean;
  /** Calls `listener` for each client that is revoked, until the returned function is called. */
  onRevoked(listener: (client: { readonly fingerprint: string }) => void): () => void;
}

/** Knows bearer tokens. */
export interface BearerTokens {
  /** Who holds `token`, when it is good for the API. */
  authenticate(token: string): Promise<TokenVerdict>;
}

export interface AuthnDeps {
  readonly issuedClients: IssuedClients;
  /** Called at each request of an issued client, with its address; must be quick. Default: nobody wants to know. */
  readonly clientSeen?: ((fingerprint: string, address: string) => void) | undefined;
  /** Default: no token is good. */
  readonly tokens?: BearerTokens | undefined;
  /** Groups that a user name brings along by itself: the role of a service account. */
  readonly roleGroupsOf: (username: string) => Promise<readonly string[]>;
}

/** A connection as Node's servers hand it over. */
export type Socket = IncomingMessage['socket'];

/** How a connection came in. The unix socket is for root only, by its file mode. */
export type Listener = 'tls' | 'unix';

/** What of a request says who sends it. */
export type Credentials = Pick<IncomingMessage, 'socket' | 'headers' | 'headersDistinct'>;

/** Who asks, and as whom. */
export interface Caller {
  /** As whom: what is allowed and who wrote it goes by this one. */
  readonly user: UserInfo;
  /** Who really asks, when it acts as somebody else. */
  readonly impersonator?: UserInfo;
}

export type Authenticate = (listener: Listener, request: Credentials) => Promise<Caller>;

/**
 * @returns the one function by which every caller is recognised; it throws Unauthorized for anybody else,
 *   among them the holder of a certificate whose row was deleted
 */
export function createAuthenticate(deps: AuthnDeps): Authenticate {
  return async (listener, request) => {
    const user = listener === 'unix' ? localRoot : await recognise(deps, request);
    const as = await impersonate(user, request, deps.roleGroupsOf);
    return as === user ? { user } : { user: as, impersonator: user };
  };
}

async function recognise(deps: AuthnDeps, { socket, headers }: Credentials): Promise<UserInfo> {
  const user = fromCertificate(deps, socket) ?? (await fromToken(deps, headers.authorization));
  if (!user) throw new StatusError('Unauthorized', 'Unauthorized');
  const groups = new Set([...user.groups, authenticatedGroup]);
  return { ...user, groups: [...groups] };
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
  deps.clientSeen?.(fingerprint, plainAddress(socket.remoteAddress ?? ''));
  const organizations = subject.O as unknown as string | readonly string[] | undefined;
  return {
    username: firstOf(subject.CN),
    groups: organizations === undefined ? [] : [organizations].flat(),
    extra: { [credentialKey]: [`X509SHA256=${fingerprint}`] },
  };
}

/** IPv4 peers of a socket that takes both come as `::ffff:10.0.0.7`. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}

async function fromToken(deps: AuthnDeps, authorization: string | undefined): Promise<UserInfo | undefined> {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const verdict = await deps.tokens?.authenticate(token);
  return verdict?.kind === 'Good' ? verdict.user : undefined;
}

function firstOf(value: string | readonly string[]): string {
  return typeof value === 'string' ? value : (value[0] ?? '');
}
