/**
 * The composition root of eliotd: builds every part, joins them, and runs them until it is told to stop.
 * Decides nothing. The order is design D6's: local store, API, runtime, pods; nothing waits for a network.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { ConfigMap } from '../api/kinds/config-map.ts';
import type { Image } from '../api/kinds/image.ts';
import type { Namespace } from '../api/kinds/namespace.ts';
import type { Node } from '../api/kinds/node.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { Secret } from '../api/kinds/secret.ts';
import type { ServiceAccount } from '../api/kinds/service-account.ts';
import type { GroupVersionResource, ObjectClient } from '../api/object-client.ts';
import * as resources from '../api/resources.ts';
import { admission } from '../apiserver/admission/admission.ts';
import { systemUser } from '../apiserver/identity.ts';
import { createLocalClient } from '../apiserver/local-client.ts';
import { Registry } from '../apiserver/registry.ts';
import { type ApiServer, createApiServer } from '../apiserver/server.ts';
import { type Followed, Informer } from '../client/informer.ts';
import type { ObjectSource } from '../controllers/object-source.ts';
import { ensureSystemNamespaces } from '../controllers/system-namespaces.ts';
import { readHostAddresses } from '../host/addresses.ts';
import { createBindInside } from '../host/bind-inside.ts';
import { createUsageReader } from '../host/cgroup-usage.ts';
import { createCgroups, hasMemoryCgroups } from '../host/cgroups.ts';
import { createDeviceNodes } from '../host/device-nodes.ts';
import { diskSpace } from '../host/disk-space.ts';
import { diskUsage } from '../host/disk-usage.ts';
import { createFiles } from '../host/files.ts';
import { createLogFiles } from '../host/log-files.ts';
import { createMounts } from '../host/mounts.ts';
import { readNodeFacts } from '../host/node-facts.ts';
import { createNodeSignals } from '../host/node-signals.ts';
import { PackedDocuments } from '../host/packed-documents.ts';
import { runChild } from '../host/run-child.ts';
import { createTmpfs } from '../host/tmpfs.ts';
import { watchPaths } from '../host/watch-paths.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { remembered } from '../lib/remembered.ts';
import { isStatusError, StatusError } from '../lib/status-error.ts';
import { TaskGroup } from '../lib/task-group.ts';
import { builtAtMs, commit, kubernetesVersion, version } from '../lib/version.ts';
import { readPauseImage } from '../runtime/containerd/pause-program.ts';
import { lockDataDir } from '../store/data-dir-lock.ts';
import { openSqliteStore } from '../store/sqlite-open.ts';
import { issueInChild, openDeviceCertificates } from './device-certificates.ts';
import { type DeviceIdentity, readDeviceIdentity } from './device-identity.ts';
import { EventRecorder } from './events/event-recorder.ts';
import { AgentPodStreams } from './exec/pod-streams.ts';
import { createIdentityFiles } from './identity-files.ts';
import { writeInstanceRecord } from './instance-record.ts';
import { keepImages } from './keep-images.ts';
import { createKubelet } from './kubelet.ts';
import { readContainerLog } from './logs/read-container-log.ts';
import { keepLogs } from './logs/rotation/keep-logs.ts';
import { computeAllocatable, podLimits } from './node-status/allocatable.ts';
import { NodeStatusPublisher } from './node-status/node-status.ts';
import { observeNode } from './node-status/observe-node.ts';
import { type OpenedRuntime, openRuntime } from './open-runtime.ts';
import { IssuedClients } from './pki/issued-clients.ts';
import { adminGroup, adminName, type Pki, writeAdminKubeconfig } from './pki/pki.ts';
import { apiVariables, PodApi } from './pod-api.ts';
import { startControllers } from './run-controllers.ts';
import { startWorkloadControllers } from './run-workload-controllers.ts';
import { startScheduler } from './scheduler/run-scheduler.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import { keepServerCertificate } from './server-certificate.ts';
import type { LoadedSettings } from './settings/load-settings.ts';
import { splitListenAddress } from './settings/settings.ts';
import { createAgentMetrics } from './stats/agent-metrics.ts';
import { openDeviceTokens } from './tokens/device-tokens.ts';

export interface AgentOptions {
  readonly settings: LoadedSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Path of the bundled certificate child, and of the Node that runs it. */
  readonly certificatesProgram: string;
  readonly nodeProgram: string;
  /** Directory of what is shipped beside the program: the sandbox image. */
  readonly assets: string;
  /** Directory of the OpenAPI documents. */
  readonly openApi: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called once, when the API answers. */
  readonly onReady: (server: string, kubeconfig: string) => void;
}

/** The device's addresses are read again after this long, in milliseconds: every status of a pod asks for them. */
const addressesMs = 1_000;

/** After a start, pods are shown at the latest after this long, whether or not the runtime was looked at (design D5). */
const podsAreKnownWithinMs = 2_000;

/**
 * Runs the daemon until `signal` aborts; pods and containerd go on running afterwards.
 *
 * @throws Error with one sentence for a person when it cannot start: directory in use, port taken, containerd missing
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { settings } = options;
  const files = createFiles();
  await files.makeDirectory(settings.dataDir, 0o700);
  // Whoever reaches the socket in it is root.
  await files.makeDirectory(settings.runDir, 0o700);
  await files.makeDirectory(join(settings.dataDir, 'logs'), 0o755);
  const lock = lockDataDir(settings.dataDir);
  try {
    await runOnDataDir(options, signal);
  } finally {
    lock.release();
  }
}

async function runOnDataDir(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { settings, clock, log, assets, env } = options;
  const { dataDir, runDir } = settings;
  const identityFiles = createIdentityFiles(createFiles());
  const identity = await readDeviceIdentity(dataDir, identityFiles);
  await writeInstanceRecord(dataDir, settings, identityFiles);
  const pause = await readPauseImage(assets);
  const runtime = await openRuntime({ ...settings, pause, env, clock, log }, signal);
  try {
    const opened = await openSqliteStore({
      intentPath: join(dataDir, 'eliot.db'),
      volatilePath: join(runDir, 'volatile.db'),
      bootId: identity.bootId,
      clock,
      log,
    });
    try {
      await runWithStore(options, identity, runtime, opened, signal);
    } finally {
      await opened.store.close();
    }
  } finally {
    runtime.close();
  }
}

async function runWithStore(
  options: AgentOptions,
  identity: DeviceIdentity,
  runtime: OpenedRuntime,
  opened: Awaited<ReturnType<typeof openSqliteStore>>,
  signal: AbortSignal,
): Promise<void> {
  const { settings, clock, log, nodeProgram, certificatesProgram } = options;
  const { nodeName, dataDir, runDir } = settings;
  const { store } = opened;
  const group = new TaskGroup();
  const readAddresses = remembered(
    addressesMs,
    clock,
    (): readonly string[] => readHostAddresses((name) => isPodInterface(name, settings.bridge)).external,
  );
  const hostIPs = (): readonly string[] => {
    const external = readAddresses();
    return external.length > 0 ? external : ['127.0.0.1'];
  };

  const issue = issueInChild(runChild, nodeProgram, certificatesProgram);
  const pki = await openDeviceCertificates(settings, readAddresses(), issue, signal);
  const issuedClients = new IssuedClients({ store, clock });
  await issuedClients.load();
  if (!opened.readOnly) await issuedClients.add(pki.admin.cert, adminName, [adminGroup]);

  // Pods that come before it looks wait without a node; so do all while the store is read-only.
  let scheduler: Scheduler | undefined;
  const registry = new Registry({
    store,
    clock,
    nodeName,
    admission,
    placePod: (pod) => scheduler?.place(pod as unknown as Pod),
  });
  const clientOf = (user: string): ObjectClient => createLocalClient(registry, systemUser(user));
  const nodeClient = clientOf(`system:node:${nodeName}`);
  if (!opened.readOnly) await ensureSystemNamespaces(clientOf('system:apiserver'));

  const informer = <T extends Followed>(
    resource: GroupVersionResource,
    trim?: (object: unknown) => unknown,
  ): Informer<T> => {
    const made = new Informer<T>({ client: nodeClient, resource, clock, log, ...(trim ? { trim } : {}) });
    group.start((stopping) => made.run(stopping));
    return made;
  };
  const informers = {
    pods: informer<Pod>(resources.pods),
    configMaps: informer<ConfigMap>(resources.configMaps),
    secrets: informer<Secret>(resources.secrets),
  };
  const serviceAccounts = informer<ServiceAccount>(resources.serviceAccounts);
  const deviceTokens = await openDeviceTokens({
    dataDir,
    nodeName,
    bootId: identity.bootId,
    client: nodeClient,
    clock,
    accounts: serviceAccounts,
    wake: (uid) => kubelet.wake(uid),
  });
  let podApi: PodApi | undefined;
  const machine = await readNodeFacts(dataDir);
  const allocatable = computeAllocatable(machine, settings);
  const usage = await createUsageReader();
  const memoryCgroups = await hasMemoryCgroups();
  const recorder = new EventRecorder({
    client: nodeClient,
    clock,
    log,
    nodeName,
    eventTtl: settings.eventTtl,
    newNameSuffix: () => randomBytes(8).toString('hex'),
  });
  const namespaces = informer<Namespace>(resources.namespaces);
  const nodeInformer = informer<Node>(resources.nodes);
  if (!opened.readOnly) {
    scheduler = startScheduler(group, {
      nodeName,
      clientOf,
      bindPod: (key, binding) => registry.bindPod(key, binding),
      pods: informers.pods,
      nodes: nodeInformer,
      namespaces,
      events: recorder,
      clock,
      log,
    });
  }
  const runtimeReady = Promise.withResolvers<void>();
  const mountTable = createMounts(runChild);
  const { reporter: imageReporter, reclaim: reclaimDisk } = keepImages(group, {
    client: nodeClient,
    images: runtime.images,
    runtime: runtime.runtime,
    clock,
    log,
    objects: informer<Image>(resources.images),
    pods: informers.pods,
    warnNode: (reason, message) =>
      recorder.recordFor(nodeItself(nodeName), { type: 'Warning', reason, message, component: 'kubelet' }),
    space: () => diskSpace(dataDir),
    settings,
    whenRuntimeReady: runtimeReady.promise,
    mayRemove: !opened.readOnly,
  });
  const kubelet = createKubelet(
    {
      client: nodeClient,
      runtime: runtime.runtime,
      images: runtime.images,
      pullObserver: imageReporter,
      node: () => nodeInformer.get({ name: nodeName }),
      clock,
      log,
      events: recorder,
      informers,
      host: {
        files: createFiles(),
        mounts: {
          ...createTmpfs(runChild, mountTable, group.signal),
          bindInside: createBindInside(runChild, mountTable, group.signal),
        },
        cgroups: await createCgroups(),
        watchPaths,
        deviceNodes: createDeviceNodes(),
        usage,
        signals: createNodeSignals(usage, { nodefs: dataDir, imagefs: join(dataDir, 'containerd') }),
        diskUsage,
        hasMemoryCgroups: memoryCgroups,
      },
      machine,
      allocatable,
      allPods: podLimits(machine, settings),
      dirs: { dataDir, runDir },
      settings: { ...settings, instanceId: identity.instanceId, eviction: settings },
      reclaimDisk,
      onPressure: () => publisher.poke(),
      hostIPs,
      whenRuntimeReady: runtimeReady.promise,
      tokens: deviceTokens.podTokens,
      apiVariables: async (pod) => {
        const address = await podApi?.addressFor(pod);
        return address && apiVariables(address);
      },
      mayEndOrphans: () => !opened.readOnly,
      random: () => randomInt(1_000_000) / 1_000_000,
    },
    group.signal,
  );

  const logFiles = createLogFiles();
  const podStreams = new AgentPodStreams({
    runtime: runtime.runtime,
    pods: informers.pods,
    observed: kubelet.cache,
    clock,
    readLog: (path, readOptions, writer, stopping) =>
      readContainerLog({ files: logFiles, clock }, path, readOptions, writer, stopping),
  });
  const startedAtMs = clock.monotonicMs();
  const podsAreKnown = (): Promise<void> => {
    const left = startedAtMs + podsAreKnownWithinMs - clock.monotonicMs();
    return left <= 0
      ? Promise.resolve()
      : Promise.race([kubelet.whenObserved, clock.sleep(left, group.signal).catch(() => {})]);
  };
  const server = createApiServer({
    registry,
    podStreams,
    imageLoader: {
      importArchive: async (archive, stopping) => {
        const names = await runtime.images.importArchive(archive, stopping);
        // A pod may wait for just this image, minutes from its next try.
        kubelet.lookAgain();
        imageReporter.imagesChanged();
        return names;
      },
    },
    metrics: createAgentMetrics({
      reader: usage,
      clock,
      nodeName,
      version: `v${kubernetesVersion}+eliot-${version}`,
      machine,
      pods: informers.pods,
      nodeLabels: () => nodeInformer.get({ name: nodeName })?.metadata.labels ?? {},
      observed: kubelet.cache,
      cgroupOf: kubelet.cgroupOf,
    }),
    authn: { issuedClients },
    tokens: deviceTokens.tokens,
    tls: tlsOf(pki),
    clock,
    log,
    version: { eliotVersion: version, gitCommit: commit, buildDate: formatTime(builtAtMs) },
    openApi: new PackedDocuments(options.openApi),
    podsAreKnown,
  });
  const { port, kubeconfig } = await startServer(server, settings, pki);
  const url = `https://${reachableHost(settings.listen)}:${port}`;

  const publisher = new NodeStatusPublisher({
    client: nodeClient,
    clock,
    log,
    machine: { ...machine, ...identity },
    settings,
    devices: async () => {
      await kubelet.devices.refresh();
      return kubelet.devices.resources();
    },
    observe: (stopping) =>
      observeNode(
        {
          runtime: runtime.runtime,
          readAddresses: hostIPs,
          apiPort: port,
          storeRecovered: opened.recovered,
          images: imageReporter.known,
          pressures: kubelet.pressures,
          hasMemoryCgroups: memoryCgroups,
        },
        stopping,
      ),
  });
  if (!opened.readOnly) await publisher.register();
  kubelet.devices.watch(() => {
    publisher.poke();
    kubelet.lookAgain();
  }, group.signal);
  await deviceTokens.learnNode();
  podApi = new PodApi({
    listen: { host: splitListenAddress(settings.listen).host, port },
    podCidr: settings.containerd === 'managed' ? settings.podCidr : undefined,
    hostIPs,
    listenAlso: (address, isWelcome) => server.listenAlso(address, isWelcome),
    log,
  });
  // Pods that went on running without eliotd.
  await podApi.open();
  group.start((stopping) => deviceTokens.podTokens.run(stopping));
  const renew = async (addresses: readonly string[], stopping: AbortSignal): Promise<void> =>
    server.setSecureContext(tlsOf(await openDeviceCertificates(settings, addresses, issue, stopping)));
  group.start((stopping) => keepServerCertificate({ clock, log, readAddresses, renew }, readAddresses(), stopping));
  group.start((stopping) => recorder.run(stopping));
  group.start((stopping) => publisher.run(stopping));
  const onRuntimeReady = (): void => {
    runtimeReady.resolve();
    publisher.poke();
    // Those that found no runtime so far wait for their next try.
    kubelet.lookAgain();
  };
  group.start((stopping) => runtime.run(stopping, onRuntimeReady));
  // Else the volumes of pods that run would seem to lack their accounts.
  group.start(async (stopping) => {
    await serviceAccounts.whenSynced(stopping).catch(() => {});
    await kubelet.run(stopping);
  });
  const { cache, logRoots } = kubelet;
  const logDeps = { files: logFiles, clock, log, cache, pods: informers.pods, events: recorder, settings };
  group.start((stopping) => keepLogs({ ...logDeps, runtime: runtime.runtime, directories: logRoots }, stopping));
  startControllers(group, {
    clientOf,
    clock,
    log,
    namespaces,
    serviceAccounts,
    configMaps: informers.configMaps,
    caCertificate: pki.ca.cert,
    pods: informers.pods,
    staticPodPath: settings.staticPodPath,
  });
  startWorkloadControllers(group, {
    clientOf,
    clock,
    log,
    events: recorder,
    images: kubelet.templateImages,
    room: { fitsWithout: (pod, others) => scheduler?.fitsWithout(pod, others) ?? false },
    follow: informer,
    known: new Map<string, ObjectSource<Followed>>([
      ['/configmaps', informers.configMaps],
      ['/secrets', informers.secrets],
      ['/namespaces', namespaces],
      ['/nodes', nodeInformer],
      ['/serviceaccounts', serviceAccounts],
    ]),
    pods: informers.pods,
  });
  options.onReady(url, kubeconfig);
  log.info('ready', { version, server: url, runDir, node: nodeName });

  signal.addEventListener('abort', () => group.stop(), { once: true });
  if (signal.aborted) group.stop();
  try {
    await group.join();
  } finally {
    await server.close();
  }
}

async function startServer(
  server: ApiServer,
  { listen, dataDir, runDir }: LoadedSettings,
  pki: Pki,
): Promise<{ readonly port: number; readonly kubeconfig: string }> {
  const unix = join(runDir, 'eliotd.sock');
  // Left behind by one that was killed; the lock on the data directory says that it is gone.
  await createFiles().remove(unix);
  let port: number | undefined;
  try {
    ({ port } = await server.listen({ tcp: splitListenAddress(listen), unix }));
  } catch (error) {
    await server.close(0);
    const code = isStatusError(error) ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
    if (code !== 'EADDRINUSE') throw error;
    // The cause says the same in three more ways.
    throw new StatusError('InternalError', `${listen} is in use by another program; choose another with --listen`);
  }
  const url = `https://${reachableHost(listen)}:${port}`;
  return { port: port ?? 0, kubeconfig: await writeAdminKubeconfig(dataDir, url, pki) };
}

/** The node as events are about it: with the kubelet its name stands for its uid. */
function nodeItself(name: string): { apiVersion: string; kind: string; metadata: { name: string; uid: string } } {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name } };
}

/** The address under which a client on the device itself reaches the server. */
function reachableHost(listen: string): string {
  const { host } = splitListenAddress(listen);
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function tlsOf({ ca, server }: Pki): { readonly ca: string; readonly key: string; readonly cert: string } {
  return { ca: ca.cert, key: server.key, cert: server.cert };
}

/** Bridges and ends of pods, ours and others': they are no addresses of the device. */
function isPodInterface(name: string, bridge: string): boolean {
  return name === bridge || /^(veth|docker|br-|cni|virbr|podman|eliot)/.test(name);
}
