/**
 * The API server: TLS 1.3 on the network, HTTP on a root-only unix socket, one way to answer both (design D7).
 *
 * Guaranteed: every answer that is not 2xx is a Status; a client that sends or reads nothing is given up after
 * seconds; what a client can make the server hold is bounded; `close` lets answers that are under way finish.
 * It keeps no objects: those are the registry's.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { eliotProtocol } from '../api/eliot-protocol.ts';
import { clientKind } from '../api/kinds/client.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import type { AuditSink } from './audit.ts';
import { type AuthnDeps, clientFingerprint, createAuthenticate, type Listener, type Socket } from './authn.ts';
import type { BundleReceiver } from './bundles.ts';
import type { HealthCheck } from './discovery/health.ts';
import type { OpenApiDocuments } from './discovery/openapi.ts';
import { type VersionOptions, versionInfo } from './discovery/version.ts';
import { handleRequest, type RequestDeps } from './handle-request.ts';
import { handleUpgrade, isUpgradeServed } from './handle-upgrade.ts';
import { answerClientError } from './http/client-error.ts';
import type { ImagePushes } from './image-pushes.ts';
import type { ImageTransfers } from './image-transfers.ts';
import type { Pairing } from './pairing.ts';
import type { PodStreams } from './pod-streams.ts';
import type { PodSync } from './pod-sync.ts';
import type { Registry } from './registry.ts';
import { type RequestLimitOptions, RequestLimits } from './request-limits.ts';
import { createHandlePairing } from './requests/pairing.ts';
import type { ResourceMetrics } from './resource-metrics.ts';
import { createRoleGroups } from './role-groups.ts';
import { createStreamUpgrader } from './streams/stream-upgrader.ts';
import type { ServiceAccountTokens } from './tokens/service-account-tokens.ts';
import { UnknownConnections } from './unknown-connections.ts';

/** PEM texts. */
export interface TlsMaterial {
  readonly key: string;
  readonly cert: string;
  /** Whose client certificates are looked at. */
  readonly ca: string;
}

export interface ApiServerDeps {
  readonly registry: Registry;
  readonly podStreams: PodStreams;
  readonly podSync: PodSync;
  readonly imageTransfers: ImageTransfers;
  readonly imagePushes: ImagePushes;
  /** Takes bundles. Default: nobody does. */
  readonly bundles?: BundleReceiver | undefined;
  readonly authn: Pick<AuthnDeps, 'issuedClients' | 'clientSeen'>;
  /** Lets strangers become known. Default: it pairs with nobody. */
  readonly pairing?: Pairing | undefined;
  /** Issues and knows service account tokens. Default: there are none. */
  readonly tokens?: ServiceAccountTokens;
  readonly metrics: ResourceMetrics;
  readonly tls: TlsMaterial;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: VersionOptions;
  readonly openApi: OpenApiDocuments;
  /** See `AuditSink`. Default: nobody keeps a record. */
  readonly audit?: AuditSink | undefined;
  /** For /livez and /readyz, beside `ping`. */
  readonly healthChecks?: readonly HealthCheck[];
  readonly limits?: RequestLimitOptions;
  /** See `ResourceDeps.podsAreKnown`; default: at once. */
  readonly podsAreKnown?: () => Promise<void>;
}

export interface ListenAddresses {
  readonly tcp?: { readonly host: string; readonly port: number };
  /** Path of the unix socket, where nothing may lie. It gets mode 0600: who connects is root. */
  readonly unix?: string;
}

/** Of TCP; undefined when that was not asked for. */
export interface ListeningAt {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

export interface ApiServer {
  /**
   * Starts to listen.
   *
   * @returns where it got to: the address, when a name was given, and the port, when that was 0
   * @throws StatusError InternalError naming the address when it is taken or not ours
   */
  listen(addresses: ListenAddresses): Promise<ListeningAt>;
  /**
   * Takes TLS connections on one more address, from those peers only that `isWelcome` names: the pods' side.
   *
   * @throws StatusError InternalError as `listen`, its cause with Node's code: EADDRNOTAVAIL, EADDRINUSE
   */
  listenAlso(
    address: { readonly host: string; readonly port: number },
    isWelcome: (remoteAddress: string) => boolean,
  ): Promise<void>;
  /** Uses another certificate for new connections. */
  setSecureContext(tls: TlsMaterial): void;
  /** Takes no new requests, ends watches and streams, and waits up to `graceMs` for the rest. */
  close(graceMs?: number): Promise<void>;
}

const headersTimeoutMs = 10_000;
const handshakeTimeoutMs = 10_000;
/** How often Node looks for connections whose headers do not arrive. */
const connectionCheckMs = 5_000;
/** After so much silence the kernel asks whether a client is still there: a followed log may have nothing to say. */
const tcpKeepAliveMs = 60_000;
/** Longer than clients keep idle connections, so that they and not we decide. */
const keepAliveMs = 120_000;
const maxConnections = 1_000;
/** Of which one address may have so many: a pod, or a machine, must not lock the others out. */
const maxConnectionsOfPeer = 250;
const defaultGraceMs = 2_000;
/** Where somebody revokes certificates. */
const clientsPath = `/apis/${clientKind.group}/${clientKind.version}/${clientKind.resource}/`;

const secureContext = ({ key, cert, ca }: TlsMaterial) => ({ key, cert, ca, minVersion: 'TLSv1.3' as const });

export function createApiServer(deps: ApiServerDeps): ApiServer {
  return new NodeApiServer(deps);
}

class NodeApiServer implements ApiServer {
  readonly #deps: ApiServerDeps;
  readonly #requestDeps: RequestDeps & { readonly podSync: PodSync };
  readonly #closing = new AbortController();
  /** One a request under way, to be aborted when the server closes. */
  readonly #underWay = new Set<AbortController>();
  /** Connections on which the certificate of a client is being deleted, with the answer to that. */
  readonly #revoking = new Map<Socket, ServerResponse>();
  /** Connections by the fingerprint of the certificate that they showed. */
  readonly #connections = new Map<string, Set<Socket>>();
  /** Of each listener on the network. */
  readonly #unknown: UnknownConnections[] = [];
  #tlsMaterial: TlsMaterial;
  readonly #tls: HttpsServer[] = [];
  #unix: Server | undefined;
  #stopListening: (() => void) | undefined;

  constructor(deps: ApiServerDeps) {
    this.#deps = deps;
    this.#tlsMaterial = deps.tls;
    const roleGroupsOf = createRoleGroups(deps.registry);
    const authenticate = createAuthenticate({ ...deps.authn, tokens: deps.tokens, roleGroupsOf });
    this.#requestDeps = {
      tokens: deps.tokens,
      roleGroupsOf,
      registry: deps.registry,
      podStreams: deps.podStreams,
      podSync: deps.podSync,
      imageTransfers: deps.imageTransfers,
      imagePushes: deps.imagePushes,
      bundles: deps.bundles,
      metrics: deps.metrics,
      podsAreKnown: deps.podsAreKnown ?? (async () => {}),
      authenticate: async (listener, request) => {
        const caller = await authenticate(listener, request);
        this.#recognise(request.socket);
        return caller;
      },
      limits: new RequestLimits(deps.limits),
      healthChecks: deps.healthChecks ?? [],
      openApi: deps.openApi,
      handlePairing: createHandlePairing(deps.pairing, deps.clock),
      version: versionInfo(deps.version),
      clock: deps.clock,
      log: deps.log,
      audit: deps.audit,
    };
  }

  async listen({ tcp, unix }: ListenAddresses): Promise<ListeningAt> {
    this.#stopListening = this.#deps.authn.issuedClients.onRevoked(({ fingerprint }) => {
      for (const socket of this.#connections.get(fingerprint) ?? []) this.#endConnection(socket);
    });
    if (unix !== undefined) {
      this.#unix = this.#prepare(createHttpServer(httpOptions), 'unix');
      await startListening(this.#unix, { path: unix });
    }
    if (tcp === undefined) return { address: undefined, port: undefined };
    const server = this.#createTls();
    this.#tls.push(server);
    await startListening(server, tcp);
    const bound = server.address();
    return typeof bound === 'object' && bound ? bound : { address: undefined, port: undefined };
  }

  async listenAlso(address: { host: string; port: number }, isWelcome: (remote: string) => boolean): Promise<void> {
    const server = this.#createTls();
    // Node's servers hand over the socket itself, whatever the type says.
    server.on('connection', (socket: Socket) => {
      if (!isWelcome(socket.remoteAddress ?? '')) socket.destroy();
    });
    await startListening(server, address);
    if (this.#closing.signal.aborted) server.close();
    else this.#tls.push(server);
  }

  setSecureContext(tls: TlsMaterial): void {
    this.#tlsMaterial = tls;
    for (const server of this.#tls) server.setSecureContext(secureContext(tls));
  }

  async close(graceMs = defaultGraceMs): Promise<void> {
    this.#stopListening?.();
    this.#closing.abort(new StatusError('ServiceUnavailable', 'the server is stopping'));
    const servers = [...this.#tls, ...(this.#unix ? [this.#unix] : [])];
    const closed = Promise.all(servers.map(stopServing));
    for (const exchange of this.#underWay) exchange.abort(this.#closing.signal.reason);
    const patience = new AbortController();
    const late = this.#deps.clock.sleep(graceMs, patience.signal).catch(() => undefined);
    await Promise.race([closed, late]);
    patience.abort();
    for (const unknown of this.#unknown) unknown.close();
    for (const server of servers) server.closeAllConnections();
    for (const sockets of this.#connections.values()) for (const socket of sockets) socket.destroy();
    await closed;
  }

  #createTls(): HttpsServer {
    const server = this.#prepare(createHttpsServer({ ...httpOptions, ...this.#tlsOptions() }), 'tls');
    limitPeers(server);
    const unknown = new UnknownConnections(this.#deps.clock);
    this.#unknown.push(unknown);
    // Node's servers hand over the socket itself, whatever the type says.
    server.on('connection', (socket: Socket) => unknown.admit(socket));
    server.on('request', ({ socket }) => unknown.hear(socket));
    server.on('secureConnection', (socket) => this.#track(socket));
    // Scanners and clients that do not trust our CA end here; there is nobody to tell.
    server.on('tlsClientError', (error, socket) => {
      this.#deps.log.debug('tls handshake failed', { error });
      socket.destroy();
    });
    return server;
  }

  #tlsOptions() {
    return {
      ...secureContext(this.#tlsMaterial),
      requestCert: true,
      // Whoever has no good certificate completes the handshake and is told 401.
      rejectUnauthorized: false,
      ALPNProtocols: [eliotProtocol, 'http/1.1'],
      handshakeTimeout: handshakeTimeoutMs,
    };
  }

  #prepare<S extends Server | HttpsServer>(server: S, listener: Listener): S {
    server.maxConnections = maxConnections;
    server.on('request', (request, response) => this.#onRequest(request, response, listener));
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head, listener));
    server.on('clientError', answerClientError);
    return server;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, listener: Listener): void {
    const exchange = new AbortController();
    this.#underWay.add(exchange);
    response.on('error', () => {});
    response.once('close', () => {
      this.#underWay.delete(exchange);
      exchange.abort(new StatusError('Timeout', 'the client is gone'));
    });
    if (this.#closing.signal.aborted) response.setHeader('Connection', 'close');
    if (request.method === 'DELETE' && request.url?.startsWith(clientsPath)) {
      const { socket } = request;
      this.#revoking.set(socket, response);
      response.once('close', () => this.#revoking.delete(socket));
    }
    void handleRequest(this.#requestDeps, { request, response, listener, signal: exchange.signal });
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, listener: Listener): void {
    const { clock, log } = this.#deps;
    const upgrader = createStreamUpgrader({ clock, log, signal: this.#closing.signal });
    // Node's servers hand over the socket itself, whatever the type says.
    void handleUpgrade({ ...this.#requestDeps, upgrader }, { request, socket: socket as Socket, head, listener });
  }

  /** Ends the connection of a revoked client; one that has just revoked itself hears first that it has. */
  #endConnection(socket: Socket): void {
    const answer = this.#revoking.get(socket);
    if (answer === undefined) {
      socket.destroy();
      return;
    }
    answer.once('close', () => socket.destroy());
    if (!answer.headersSent) answer.setHeader('Connection', 'close');
    const patience = new AbortController();
    answer.once('close', () => patience.abort());
    void this.#deps.clock.sleep(defaultGraceMs, patience.signal).then(
      () => socket.destroy(),
      () => {},
    );
  }

  #recognise(socket: Socket): void {
    for (const unknown of this.#unknown) unknown.recognise(socket);
  }

  /** Remembers whose connection it is, so that revoking the certificate ends it. */
  #track(socket: TLSSocket): void {
    const fingerprint = clientFingerprint(socket);
    if (fingerprint === undefined) return;
    if (socket.authorized && this.#deps.authn.issuedClients.has(fingerprint)) this.#recognise(socket);
    const sockets = this.#connections.get(fingerprint) ?? new Set();
    this.#connections.set(fingerprint, sockets.add(socket));
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) this.#connections.delete(fingerprint);
    });
  }
}

const httpOptions = {
  headersTimeout: headersTimeoutMs,
  // Bodies have a bound on progress of their own; watches and streams last.
  requestTimeout: 0,
  connectionsCheckingInterval: connectionCheckMs,
  keepAliveTimeout: keepAliveMs,
  keepAlive: true,
  keepAliveInitialDelay: tcpKeepAliveMs,
  shouldUpgradeCallback: isUpgradeServed,
};

/** Refuses connections beyond the bound of one address. */
function limitPeers(server: HttpsServer): void {
  const open = new Map<string, number>();
  // Node's servers hand over the socket itself, whatever the type says.
  server.on('connection', (socket: Socket) => {
    const peer = socket.remoteAddress ?? '';
    const count = (open.get(peer) ?? 0) + 1;
    open.set(peer, count);
    socket.once('close', () => {
      const left = (open.get(peer) ?? 1) - 1;
      if (left > 0) open.set(peer, left);
      else open.delete(peer);
    });
    if (count > maxConnectionsOfPeer) socket.destroy();
  });
}

type Address = { readonly path: string } | { readonly host: string; readonly port: number };

async function startListening(server: Server | HttpsServer, where: Address): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: Error): void => {
      const address = 'path' in where ? where.path : `${where.host}:${where.port}`;
      reject(new StatusError('InternalError', `listen on ${address}: ${cause.message}`, { cause }));
    };
    server.once('error', onError);
    // The socket file is made within this call, and whoever can open it is root: nobody else must, not for a moment.
    const umask = 'path' in where ? process.umask(0o177) : undefined;
    server.listen(where, () => {
      server.off('error', onError);
      resolve();
    });
    if (umask !== undefined) process.umask(umask);
  });
}

function stopServing(server: Server | HttpsServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  return closed;
}
