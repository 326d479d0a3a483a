/**
 * A device without containers for tests: the real API server, on a memory store, behind a real unix socket
 * and real TLS. What reaches into the runtime (logs, exec, images) is scripted by the test.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { issueCertificates } from '../agent/pki/issue-certificates.ts';
import { openPki, type Pki, writeAdminKubeconfig } from '../agent/pki/pki.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { nodes } from '../api/resources.ts';
import { createLocalClient } from '../apiserver/local-client.ts';
import type { ContainerRef, LogOptions, PodStreams, StreamEnds, StreamResult } from '../apiserver/pod-streams.ts';
import { Registry } from '../apiserver/registry.ts';
import { type ApiServer, createApiServer } from '../apiserver/server.ts';
import { systemNamespaces } from '../controllers/system-namespaces.ts';
import { type Clock, createSystemClock } from '../lib/clock.ts';
import { silentLogger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { builtOpenApi } from './built-openapi.ts';
import { noMetrics } from './no-metrics.ts';

export const testNodeName = 'device';
/** As after a restart: what was before it is gone, and a watch from there has expired. */
const firstRevision = 1_000;

/** What a test lets containers do. */
export interface ScriptedStreams {
  log(ref: ContainerRef, options: LogOptions, signal: AbortSignal): Promise<Readable>;
  exec(ref: ContainerRef, command: readonly string[], ends: StreamEnds, signal: AbortSignal): Promise<StreamResult>;
  /** The names of the images in an archive. */
  importArchive(archive: Readable): Promise<readonly string[]>;
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
  /** Replace a method to script it. */
  readonly streams: { -readonly [K in keyof ScriptedStreams]: ScriptedStreams[K] };
  readonly #apiServer: ApiServer;

  private constructor(
    parts: Pick<LocalDevice, 'directory' | 'runDirectory' | 'kubeconfig' | 'server' | 'pki' | 'client' | 'streams'> & {
      apiServer: ApiServer;
    },
  ) {
    this.directory = parts.directory;
    this.runDirectory = parts.runDirectory;
    this.kubeconfig = parts.kubeconfig;
    this.server = parts.server;
    this.pki = parts.pki;
    this.client = parts.client;
    this.streams = parts.streams;
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
        dnsNames: ['localhost'],
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
      exec: async () => ({ exitCode: 0 }),
      importArchive: async () => [],
    };
    const apiServer = createApiServer({
      openApi: builtOpenApi,
      registry,
      podStreams: podStreamsOf(streams),
      imageLoader: { importArchive: (archive) => streams.importArchive(archive) },
      metrics: noMetrics,
      authn: { issuedClients: { has: () => true, onRevoked: () => () => {} } },
      tls: { key: pki.server.key, cert: pki.server.cert, ca: pki.ca.cert },
      clock,
      log: silentLogger,
      version: { eliotVersion: '0.1.0' },
    });
    const { port } = await apiServer.listen({
      tcp: { host: '127.0.0.1', port: 0 },
      unix: join(runDirectory, 'eliotd.sock'),
    });
    const client = createLocalClient(registry, { username: 'system:test', groups: ['system:masters'] });
    await furnish(client);
    const server = `https://127.0.0.1:${port}`;
    const kubeconfig = await writeAdminKubeconfig(directory, server, pki);
    return new LocalDevice({ directory, runDirectory, kubeconfig, server, pki, client, streams, apiServer });
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
    portForward: async () => {
      throw new StatusError('ServiceUnavailable', 'this device forwards nothing');
    },
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
