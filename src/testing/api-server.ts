/**
 * A real API server over a memory store, on real sockets, for tests: root on the unix socket, and over TLS
 * `admin` (system:masters), `viewer` (eliot:viewers), `nobody` (no group) and `stranger` (no certificate).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificates } from '../agent/pki/issue-certificates.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { namespaces } from '../api/resources.ts';
import { systemUser } from '../apiserver/identity.ts';
import { createLocalClient } from '../apiserver/local-client.ts';
import type { PodStreams } from '../apiserver/pod-streams.ts';
import type { PodSync } from '../apiserver/pod-sync.ts';
import { Registry } from '../apiserver/registry.ts';
import { type ApiServer, type ApiServerDeps, createApiServer } from '../apiserver/server.ts';
import { tokenObjects } from '../apiserver/tokens/registry-objects.ts';
import { ServiceAccountTokens } from '../apiserver/tokens/service-account-tokens.ts';
import type { LogFields, Logger } from '../lib/logger.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { builtOpenApi } from './built-openapi.ts';
import { FakeClock } from './fake-clock.ts';
import { noMetrics } from './no-metrics.ts';
import { noPushes } from './no-pushes.ts';
import { noTransfers } from './no-transfers.ts';
import { makeTokenKey } from './token-key.ts';

export type Caller = 'root' | 'admin' | 'viewer' | 'nobody' | 'stranger';

export interface Answer {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

export interface RequestOptions {
  readonly as?: Caller;
  readonly headers?: Readonly<Record<string, string>>;
  /** A value is sent as JSON, a string or Buffer as it is. */
  readonly body?: unknown;
}

/** Of a request that opens a stream into a pod by WebSocket. */
export const webSocketHeaders: Readonly<Record<string, string>> = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'v5.channel.k8s.io',
};

/** Certificates are slow to make; one set serves every test of a process. */
let certificates: ReturnType<typeof makeCertificates> | undefined;

async function makeCertificates() {
  const leaf = (usage: 'server' | 'client', commonName: string, organizations: readonly string[] = []) => ({
    usage,
    commonName,
    organizations,
    dnsNames: ['localhost'],
    ips: ['127.0.0.1'],
  });
  return issueCertificates({
    ca: undefined,
    authorityName: 'test authority',
    requests: {
      server: leaf('server', 'test'),
      admin: leaf('client', 'admin', ['system:masters']),
      viewer: leaf('client', 'viewer', ['eliot:viewers']),
      nobody: leaf('client', 'nobody'),
    },
  });
}

/** Refuses everything; tests replace what they use. */
export const noStreams: PodStreams = {
  log: async () => Promise.reject(new Error('no logs here')),
  exec: async () => Promise.reject(new Error('no exec here')),
  attach: async () => Promise.reject(new Error('no attach here')),
  signal: async () => Promise.reject(new Error('no signals here')),
  portForward: async () => Promise.reject(new Error('no ports here')),
};

/** Likewise. */
export const noSync: PodSync = { open: async () => Promise.reject(new Error('no files here')) };

export class TestApi {
  readonly clock = new FakeClock(Date.UTC(2026, 10, 22, 10));
  readonly store = new MemoryStore();
  readonly registry = new Registry({ store: this.store, clock: this.clock, nodeName: 'device' });
  readonly client: ObjectClient = createLocalClient(this.registry, systemUser('eliotd'));
  readonly tokens = new ServiceAccountTokens({
    key: makeTokenKey(),
    objects: tokenObjects(this.client),
    now: () => ({ wall: this.clock.now() / 1000, boot: 'boot', sinceBoot: this.clock.monotonicMs() / 1000 }),
  });
  /** Everything that was logged as an error. */
  readonly errors: LogFields[] = [];
  /** Fingerprints of certificates whose row was deleted. */
  readonly revoked = new Set<string>();
  #revokedListeners = new Set<(client: { readonly fingerprint: string }) => void>();
  #server: ApiServer | undefined;
  #directory = '';
  port = 0;

  /** Starts the server, with namespaces `default` and `kube-system`. */
  static async start(overrides: Partial<ApiServerDeps> = {}): Promise<TestApi> {
    const api = new TestApi();
    certificates ??= makeCertificates();
    const { ca, issued } = await certificates;
    const log: Logger = {
      error: (message, fields) => api.errors.push({ message, ...fields }),
      warn: () => {},
      info: () => {},
      debug: () => {},
      child: () => log,
    };
    api.#directory = await mkdtemp(join(tmpdir(), 'eliot-api-'));
    api.#server = createApiServer({
      registry: api.registry,
      podStreams: noStreams,
      podSync: noSync,
      imageTransfers: noTransfers,
      imagePushes: noPushes,
      metrics: noMetrics,
      authn: {
        issuedClients: {
          has: (fingerprint) => !api.revoked.has(fingerprint),
          onRevoked: (listener) => {
            api.#revokedListeners.add(listener);
            return () => api.#revokedListeners.delete(listener);
          },
        },
      },
      tls: { key: issued['server']?.key ?? '', cert: issued['server']?.cert ?? '', ca: ca.cert },
      clock: api.clock,
      log,
      version: { eliotVersion: '0.0.0' },
      tokens: api.tokens,
      openApi: builtOpenApi,
      ...overrides,
    });
    const { port } = await api.#server.listen({ tcp: { host: '127.0.0.1', port: 0 }, unix: api.socketPath });
    api.port = port ?? 0;
    for (const name of ['default', 'kube-system']) {
      await api.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    return api;
  }

  get socketPath(): string {
    return join(this.#directory, 'eliotd.sock');
  }

  get server(): ApiServer {
    if (!this.#server) throw new Error('not started');
    return this.#server;
  }

  async stop(): Promise<void> {
    // A test that failed may have left connections open; the grace for them is measured by our clock.
    const late = setTimeout(() => this.clock.advance(60_000), 2_000);
    await this.#server?.close();
    clearTimeout(late);
    await rm(this.#directory, { recursive: true, force: true });
  }

  revoke(fingerprint: string): void {
    this.revoked.add(fingerprint);
    for (const listener of this.#revokedListeners) listener({ fingerprint });
  }

  /** Opens a request and leaves the rest to the test. */
  async open(method: string, path: string, options: RequestOptions = {}): Promise<ClientRequest> {
    const { as = 'root', headers = {} } = options;
    if (as === 'root') return httpRequest({ socketPath: this.socketPath, method, path, headers, agent: false });
    const where = { host: '127.0.0.1', port: this.port, agent: false as const };
    return httpsRequest({ ...(await this.tlsOf(as)), ...where, method, path, headers });
  }

  /** With what somebody connects: whom he trusts, and what he shows. */
  async tlsOf(caller: Exclude<Caller, 'root'>): Promise<{ ca: string; key?: string; cert?: string }> {
    certificates ??= makeCertificates();
    const { ca, issued } = await certificates;
    const pair = issued[caller];
    return { ca: ca.cert, ...(pair ? { key: pair.key, cert: pair.cert } : {}) };
  }

  /** Sends a request and reads the whole answer. */
  async send(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { body } = options;
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const payload = body === undefined ? undefined : isRaw ? body : JSON.stringify(body);
    const json = body === undefined || isRaw ? {} : { 'content-type': 'application/json' };
    const length = payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) };
    const request = await this.open(method, path, { ...options, headers: { ...json, ...length, ...options.headers } });
    const response = await responseOf(request, payload);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return toAnswer(response, Buffer.concat(chunks));
  }

  get(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.send('GET', path, options);
  }

  post(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send('POST', path, { ...options, body });
  }

  /** Opens a watch; `lines` yields its events as they come. */
  async watch(path: string, options: RequestOptions = {}): Promise<TestWatch> {
    const request = await this.open('GET', path, options);
    return new TestWatch(request, await responseOf(request, undefined));
  }
}

/** The events of an open watch. */
export class TestWatch {
  readonly #request: ClientRequest;
  readonly response: IncomingMessage;
  readonly #lines: AsyncIterator<string>;

  constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.response = response;
    this.#lines = linesOf(response);
  }

  /** The next event; undefined when the server ended the watch. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  async next(): Promise<any> {
    const next = await this.#lines.next();
    return next.done ? undefined : JSON.parse(next.value);
  }

  /** The next `count` events as `TYPE name`. */
  async names(count: number): Promise<string[]> {
    const names: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const { type, object } = await this.next();
      names.push(`${type} ${object.metadata.name ?? ''}`.trim());
    }
    return names;
  }

  close(): void {
    this.#request.destroy();
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, void, undefined> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += String(chunk);
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        yield text.slice(0, end);
        text = text.slice(end + 1);
      }
    }
  } catch {
    // The test closed it.
  }
}

function responseOf(request: ClientRequest, payload: string | Buffer | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.end(payload);
  });
}

function toAnswer(response: IncomingMessage, body: Buffer): Answer {
  const text = body.toString();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body,
    text,
    json,
  };
}
