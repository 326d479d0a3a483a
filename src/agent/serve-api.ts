/** Builds the API server of this device out of the agent's parts, and opens it. Decides nothing. */
import { join } from 'node:path';
import type { Node } from '../api/kinds/node.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { ObjectKey } from '../api/object-client.ts';
import { importInTurn } from '../apiserver/image-transfers-in-turn.ts';
import type { PodSync } from '../apiserver/pod-sync.ts';
import type { Registry } from '../apiserver/registry.ts';
import { type ApiServer, type ApiServerDeps, createApiServer } from '../apiserver/server.ts';
import type { UsageReader } from '../host/cgroup-usage.ts';
import { createFiles } from '../host/files.ts';
import type { HostLogFiles } from '../host/log-files.ts';
import { PackedDocuments } from '../host/packed-documents.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { builtAtMs, commit, kubernetesVersion, version } from '../lib/version.ts';
import { AgentPodStreams } from './exec/pod-streams.ts';
import type { Kubelet } from './kubelet.ts';
import { listenFailure, listenLater } from './listen-later.ts';
import { readContainerLog } from './logs/read-container-log.ts';
import type { OpenedRuntime } from './open-runtime.ts';
import { type Pki, writeAdminKubeconfig } from './pki/pki.ts';
import { splitListenAddress } from './settings/settings.ts';
import { type AgentMetricsDeps, createAgentMetrics } from './stats/agent-metrics.ts';

/** After a start, pods are shown at the latest after this long, whether or not the runtime was looked at (design D5). */
const podsAreKnownWithinMs = 2_000;

export interface ServeApiDeps {
  readonly registry: Registry;
  readonly runtime: OpenedRuntime;
  readonly kubelet: Kubelet;
  readonly pods: { get(key: ObjectKey): Pod | undefined; list(): readonly Pod[] };
  /** The node as the API has it; undefined until it is known. */
  readonly node: () => Node | undefined;
  /** Images came that no pod asked for; who sent them sees them listed when this resolves. */
  readonly onImported: (signal: AbortSignal) => Promise<void>;
  readonly podSync: PodSync;
  readonly imagePushes: ApiServerDeps['imagePushes'];
  readonly bundles: ApiServerDeps['bundles'];
  readonly usage: UsageReader;
  readonly machine: AgentMetricsDeps['machine'];
  readonly logFiles: HostLogFiles;
  readonly authn: ApiServerDeps['authn'];
  readonly audit: ApiServerDeps['audit'];
  readonly tokens: NonNullable<ApiServerDeps['tokens']>;
  readonly pairing: NonNullable<ApiServerDeps['pairing']>;
  readonly pki: Pki;
  readonly clock: Clock;
  readonly log: Logger;
  /** Directory of the OpenAPI documents. */
  readonly openApi: string;
  readonly settings: {
    readonly nodeName: string;
    readonly listen: string;
    readonly dataDir: string;
    readonly runDir: string;
  };
  /** Aborts when the process stops. */
  readonly stopping: AbortSignal;
}

export interface ServedApi extends Pick<ApiServer, 'listenAlso' | 'close'> {
  /** The address that it listens at, `0.0.0.0` and `::` for all, and the port that it got. */
  readonly address: string;
  readonly port: number;
  /** Under which a client on the device itself reaches it. */
  readonly url: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Uses another certificate for new connections. */
  useCertificates(pki: Pki): void;
}

/** @throws StatusError InternalError with one sentence for a person when the address cannot be listened at */
export async function serveApi(deps: ServeApiDeps): Promise<ServedApi> {
  const { settings, pki } = deps;
  const server = createServer(deps);
  const { address, port } = await listen(server, deps);
  const url = `https://${reachableHost(settings.listen)}:${port}`;
  return {
    address,
    port,
    url,
    kubeconfig: await writeAdminKubeconfig(settings.dataDir, url, pki),
    useCertificates: (next) => server.setSecureContext(tlsOf(next)),
    listenAlso: (address, isWelcome) => server.listenAlso(address, isWelcome),
    close: (graceMs) => server.close(graceMs),
  };
}

function createServer(deps: ServeApiDeps): ApiServer {
  const { registry, kubelet, pods, node, usage, machine, authn, tokens, pki, clock, log, logFiles, stopping } = deps;
  const { runtime, images } = deps.runtime;
  const podStreams = new AgentPodStreams({
    runtime,
    pods,
    observed: kubelet.cache,
    clock,
    readLog: (path, options, writer, signal) =>
      readContainerLog({ files: logFiles, clock }, path, options, writer, signal),
  });
  const startedAtMs = clock.monotonicMs();
  const podsAreKnown = (): Promise<void> => {
    const left = startedAtMs + podsAreKnownWithinMs - clock.monotonicMs();
    return left <= 0
      ? Promise.resolve()
      : Promise.race([kubelet.whenObserved, clock.sleep(left, stopping).catch(() => {})]);
  };
  return createApiServer({
    registry,
    podStreams,
    podSync: deps.podSync,
    imageTransfers: importInTurn(
      {
        importArchive: async (archive, signal, checkNames) => {
          const names = await images.importArchive(archive, signal, checkNames);
          await deps.onImported(signal);
          return names;
        },
        exportArchive: (image, signal) => images.exportArchive(image, signal),
        pull: async (image, signal) => {
          const pulled = await kubelet.pullImage(image, signal);
          await deps.onImported(signal);
          return pulled;
        },
      },
      clock,
    ),
    imagePushes: deps.imagePushes,
    bundles: deps.bundles,
    metrics: createAgentMetrics({
      reader: usage,
      clock,
      nodeName: deps.settings.nodeName,
      version: `v${kubernetesVersion}+eliot-${version}`,
      machine,
      pods,
      nodeLabels: () => node()?.metadata.labels ?? {},
      observed: kubelet.cache,
      cgroupOf: kubelet.cgroupOf,
    }),
    authn,
    audit: deps.audit,
    tokens,
    pairing: deps.pairing,
    tls: tlsOf(pki),
    clock,
    log,
    version: { eliotVersion: version, gitCommit: commit, buildDate: formatTime(builtAtMs) },
    openApi: new PackedDocuments(deps.openApi),
    podsAreKnown,
  });
}

async function listen(
  server: ApiServer,
  { settings: { listen: address, runDir }, clock, log, stopping }: ServeApiDeps,
): Promise<Pick<ServedApi, 'address' | 'port'>> {
  const unix = join(runDir, 'eliotd.sock');
  // Left behind by one that was killed; the lock on the data directory says that it is gone.
  await createFiles().remove(unix);
  const tcp = splitListenAddress(address);
  try {
    const at = await server.listen({ tcp, unix });
    return { address: at.address ?? tcp.host, port: at.port ?? tcp.port };
  } catch (error) {
    const code = listenFailure(error);
    if (code === 'EADDRNOTAVAIL' && tcp.port !== 0) {
      void listenLater({ server, clock, log }, tcp, stopping);
      return { address: tcp.host, port: tcp.port };
    }
    await server.close(0);
    if (code !== 'EADDRINUSE') throw error;
    // The cause says the same in three more ways.
    throw new StatusError('InternalError', `${address} is in use by another program; choose another with --listen`);
  }
}

/** The address under which a client on the device itself reaches the server. */
function reachableHost(address: string): string {
  const { host } = splitListenAddress(address);
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function tlsOf({ ca, server }: Pki): { readonly ca: string; readonly key: string; readonly cert: string } {
  return { ca: ca.cert, key: server.key, cert: server.cert };
}
