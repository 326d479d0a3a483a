/**
 * A device without containers for tests: the real API server, on a memory store, behind a real unix socket
 * and real TLS. What reaches into the runtime (logs, exec, images) is scripted by the test.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PairingService } from '../agent/pairing/pairing-service.ts';
import { issueCertificates, signRequest } from '../agent/pki/issue-certificates.ts';
import { openPki, type Pki, writeAdminKubeconfig } from '../agent/pki/pki.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { nodes } from '../api/resources.ts';
import type { OutgoingArchive, PulledImage } from '../apiserver/image-transfers.ts';
import { createLocalClient } from '../apiserver/local-client.ts';
import type { ContainerRef, LogOptions, PodStreams, StreamEnds, StreamResult } from '../apiserver/pod-streams.ts';
import type { PodSync } from '../apiserver/pod-sync.ts';
import { Registry } from '../apiserver/registry.ts';
import type { ResourceMetrics } from '../apiserver/resource-metrics.ts';
import { type ApiServer, createApiServer } from '../apiserver/server.ts';
import { tokenObjects } from '../apiserver/tokens/registry-objects.ts';
import { ServiceAccountTokens } from '../apiserver/tokens/service-account-tokens.ts';
import { systemNamespaces } from '../controllers/system-namespaces.ts';
import { type Clock, createSystemClock } from '../lib/clock.ts';
import { silentLogger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { noSync } from './api-server.ts';
import { builtOpenApi } from './built-openapi.ts';
import { noMetrics } from './no-metrics.ts';
import { noPushes } from './no-pushes.ts';
import { noTransfers } from './no-transfers.ts';
import { makeTokenKey } from './token-key.ts';

export const testNodeName = 'device';
/** As after a restart: what was before it is gone, and a watch from there has expired. */
const firstRevision = 1_000;

/** What a test lets containers do. */
export interface ScriptedStreams {
  log(ref: ContainerRef, options: LogOptions, signal: AbortSignal): Promise<Readable>;
  signal(ref: ContainerRef, signalNumber: number): Promise<void>;
  exec(ref: ContainerRef, command: readonly string[], ends: StreamEnds, signal: AbortSignal): Promise<StreamResult>;
  portForward: PodStreams['portForward'];
  sync: PodSync['open'];
  /** The names of the images in an archive. */
  importArchive(archive: Readable): Promise<readonly string[]>;
  exportArchive(image: string, signal: AbortSignal): Promise<OutgoingArchive>;
  pull(image: string, signal: AbortSignal): Promise<PulledImage>;
}

export class LocalDevice {
  readonly directory: string;
  /** For ELIOT_RUN_DIR. */
  readonly runDirectory: string;
  /** Administrator's, over TLS. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly pki: Pki;
  /** Inside the daemon, past the wire. */
  readonly client: ObjectClient;
  /** Opens codes, as `eliotd pair` does. */
  readonly pairing: Pick<PairingService, 'openCode'>;
  /** Replace a method to script it. */
  readonly streams: { -readonly [K in keyof ScriptedStreams]: ScriptedStreams[K] };
  /** Replace a method to say what is in use; nothing is at first. */
  readonly metrics: { -readonly [K in keyof ResourceMetrics]: ResourceMetrics[K] };
  /** Replace its method to let nobody in by certificate. */
  readonly issuedClients: { has: (fingerprint: string) => boolean };
  readonly #apiServer: ApiServer;

  private constructor(
    parts: Pick<
      LocalDevice,
      | 'directory'
      | 'runDirectory'
      | 'kubeconfig'
      | 'server'
      | 'pki'
      | 'client'
      | 'pairing'
      | 'streams'
      | 'metrics'
      | 'issuedClients'
    > & {
      apiServer: ApiServer;
    },
  ) {
    this.directory = parts.directory;
    this.runDirectory = parts.runDirectory;
    this.kubeconfig = parts.kubeconfig;
    this.server = parts.server;
    this.pki = parts.pki;
    this.client = parts.client;
    this.pairing = parts.pairing;
    this.streams = parts.streams;
    this.metrics = parts.metrics;
    this.issuedClients = parts.issuedClients;
    this.#apiServer = parts.apiServer;
  }

  /** Starts listening on a free port and a socket in a directory of its own. */
  static async start(clock: Clock = createSystemClock()): Promise<LocalDevice> {
    const directory = await mkdtemp(join(tmpdir(), 'eliot-device-'));
    const runDirectory = join(directory, 'run');
    await mkdir(runDirectory);
    const pki = await openPki(
      {
        dataDir: directory,
        nodeName: testNodeName,
        dnsNames: ['localhost', 'kubernetes'],
        ips: ['127.0.0.1'],
        issue: issueCertificates,
      },
      AbortSignal.timeout(30_000),
    );
    const registry = new Registry({
      store: new MemoryStore({ startRevision: firstRevision }),
      clock,
      nodeName: testNodeName,
    });
    const streams: LocalDevice['streams'] = {
      log: async () => Readable.from([]),
      signal: async () => {},
      exec: async () => ({ exitCode: 0 }),
      portForward: async () => {
        throw new StatusError('ServiceUnavailable', 'this device forwards nothing');
      },
      sync: noSync.open,
      importArchive: async () => [],
      exportArchive: noTransfers.exportArchive,
      pull: noTransfers.pull,
    };
    const metrics: LocalDevice['metrics'] = { ...noMetrics };
    const issuedClients: LocalDevice['issuedClients'] = { has: () => true };
    const pairing = new PairingService({
      nodeName: testNodeName,
      addresses: () => [],
      ca: pki.ca,
      sign: (input) => signRequest(input),
      people: () => [],
      admit: async () => {},
      clock,
      log: silentLogger,
      warnNode: () => {},
    });
    const client = createLocalClient(registry, { username: 'system:test', groups: ['system:masters'] });
    const tokens = new ServiceAccountTokens({
      key: makeTokenKey(),
      objects: tokenObjects(client),
      now: () => ({ wall: clock.now() / 1_000, boot: 'boot', sinceBoot: clock.monotonicMs() / 1_000 }),
    });
    const apiServer = createApiServer({
      pairing,
      tokens,
      openApi: builtOpenApi,
      registry,
      podStreams: podStreamsOf(streams),
      podSync: { open: (wish, stopped) => streams.sync(wish, stopped) },
      imagePushes: noPushes,
      imageTransfers: {
        importArchive: (archive) => streams.importArchive(archive),
        exportArchive: (image, signal) => streams.exportArchive(image, signal),
        pull: (image, signal) => streams.pull(image, signal),
      },
      metrics: {
        nodes: (signal) => metrics.nodes(signal),
        pods: (signal) => metrics.pods(signal),
        prometheus: (page, signal) => metrics.prometheus(page, signal),
      },
      authn: { issuedClients: { has: (fingerprint) => issuedClients.has(fingerprint), onRevoked: () => () => {} } },
      tls: { key: pki.server.key, cert: pki.server.cert, ca: pki.ca.cert },
      clock,
      log: silentLogger,
      version: { eliotVersion: '0.1.0' },
    });
    const { port } = await apiServer.listen({
      tcp: { host: '127.0.0.1', port: 0 },
      unix: join(runDirectory, 'eliotd.sock'),
    });
    await furnish(client);
    const server = `https://127.0.0.1:${port}`;
    const kubeconfig = await writeAdminKubeconfig(directory, server, pki);
    return new LocalDevice({
      ...{
        directory,
        runDirectory,
        kubeconfig,
        server,
        pki,
        client,
        streams,
        metrics,
        issuedClients,
        pairing,
        apiServer,
      },
    });
  }

  /** Writes a file into the device's directory; returns its path. */
  async write(name: string, content: string): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, content);
    return path;
  }

  /** Stops it and removes its directory. */
  async close(): Promise<void> {
    await this.#apiServer.close(0);
    await rm(this.directory, { recursive: true, force: true });
  }
}

function podStreamsOf(streams: ScriptedStreams): PodStreams {
  return {
    log: (ref, options, signal) => streams.log(ref, options, signal),
    exec: (ref, command, ends, signal) => streams.exec(ref, command, ends, signal),
    attach: (ref, ends, signal) => streams.exec(ref, [], ends, signal),
    portForward: (ref, port, signal) => streams.portForward(ref, port, signal),
    signal: (ref, signalNumber) => streams.signal(ref, signalNumber),
  };
}

/** What every device has: its namespaces and its node. */
async function furnish(client: ObjectClient): Promise<void> {
  for (const name of systemNamespaces) {
    await client.create(
      { group: '', version: 'v1', resource: 'namespaces' },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    );
  }
  await client.create(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: testNodeName, labels: { 'kubernetes.io/hostname': testNodeName } },
  });
}
