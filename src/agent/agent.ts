/**
 * The composition root of eliotd: builds every part, joins them, and runs them until it is told to stop.
 * Decides nothing. The order is design D6's: local store, API, runtime, pods; nothing waits for a network.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Bundle } from '../api/kinds/bundle.ts';
import type { ConfigMap } from '../api/kinds/config-map.ts';
import type { Image } from '../api/kinds/image.ts';
import type { Namespace } from '../api/kinds/namespace.ts';
import type { Node } from '../api/kinds/node.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { Secret } from '../api/kinds/secret.ts';
import type { ServiceAccount } from '../api/kinds/service-account.ts';
import type { GroupVersionResource, ObjectClient } from '../api/object-client.ts';
import * as resources from '../api/resources.ts';
import { admission, admissionChecks } from '../apiserver/admission/admission.ts';
import { systemUser } from '../apiserver/identity.ts';
import { createLocalClient } from '../apiserver/local-client.ts';
import { PodQuota } from '../apiserver/pod-quota.ts';
import { Registry } from '../apiserver/registry.ts';
import { type Followed, Informer } from '../client/informer.ts';
import type { ObjectSource } from '../controllers/object-source.ts';
import { ensureSystemNamespaces } from '../controllers/system-namespaces.ts';
import { ensureSystemPriorityClasses } from '../controllers/system-priority-classes.ts';
import { writeToConsole } from '../host/console-line.ts';
import { diskSpace } from '../host/disk-space.ts';
import { createFiles } from '../host/files.ts';
import { createLogFiles } from '../host/log-files.ts';
import { readMachineMarks } from '../host/machine-marks.ts';
import { readNodeFacts } from '../host/node-facts.ts';
import { runChild } from '../host/run-child.ts';
import { TaskGroup } from '../lib/task-group.ts';
import { version } from '../lib/version.ts';
import { holdProgramIn } from '../runtime/containerd/hold/held-container.ts';
import { readPauseImage } from '../runtime/containerd/pause-program.ts';
import { lockDataDir } from '../store/data-dir-lock.ts';
import { openSqliteStore } from '../store/sqlite-open.ts';
import type { AgentOptions } from './agent-options.ts';
import { createDeviceAddresses, reachableAddresses } from './device-addresses.ts';
import { issueInChild, openDeviceCertificates, signInChild } from './device-certificates.ts';
import { type DeviceIdentity, readDeviceIdentity } from './device-identity.ts';
import type { Duplicate } from './discovery/duplicate-identity.ts';
import { EventRecorder } from './events/event-recorder.ts';
import { createFileSync } from './file-sync/create-file-sync.ts';
import { IdentityWatch } from './identity/identity-watch.ts';
import { chooseNodeName, takeOverNodeName } from './identity/node-name.ts';
import { createIdentityFiles } from './identity-files.ts';
import { keepPushes } from './image-push/keep-pushes.ts';
import { writeInstanceRecord } from './instance-record.ts';
import { type KeptBundles, keepBundles } from './keep-bundles.ts';
import { keepImages } from './keep-images.ts';
import { keepPeople } from './keep-people.ts';
import { createKubelet } from './kubelet.ts';
import { openKubeletHost } from './kubelet-host.ts';
import { keepLogs } from './logs/rotation/keep-logs.ts';
import { nodeItself } from './node-itself.ts';
import { computeAllocatable, podLimits } from './node-status/allocatable.ts';
import { NodeStatusPublisher } from './node-status/node-status.ts';
import { observeNode } from './node-status/observe-node.ts';
import { type OpenedRuntime, openRuntime } from './open-runtime.ts';
import { hasPairedPerson } from './pairing/paired-people.ts';
import { PairingService } from './pairing/pairing-service.ts';
import { showFirstCode } from './pairing/show-first-code.ts';
import { type KeptPipes, keepPipes } from './pipes/keep-pipes.ts';
import { adoptEarlierClients } from './pki/earlier-clients.ts';
import { fingerprintOf, IssuedClients } from './pki/issued-clients.ts';
import { adminGroup, adminName } from './pki/pki.ts';
import { apiVariables, PodApi } from './pod-api.ts';
import { startControllers } from './run-controllers.ts';
import { startWorkloadControllers } from './run-workload-controllers.ts';
import { startScheduler } from './scheduler/run-scheduler.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import { serveApi } from './serve-api.ts';
import { keepServerCertificate } from './server-certificate.ts';
import { splitListenAddress } from './settings/settings.ts';
import { openDeviceTokens } from './tokens/device-tokens.ts';

/**
 * Runs the daemon until `signal` aborts; pods and containerd go on running afterwards.
 *
 * @throws Error with one sentence for a person when it cannot start: directory in use, port taken, containerd missing
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { settings } = options;
  const files = createFiles();
  // Whoever reaches the socket is root, and below both are Secrets and tokens of pods: also when somebody else made them.
  for (const directory of [settings.dataDir, settings.runDir]) {
    await files.makeDirectory(directory, 0o700);
    await files.chmod(directory, 0o700);
  }
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
  const runtime = await openRuntime(
    { ...settings, pause, holdProgram: holdProgramIn(assets), env, clock, log },
    signal,
  );
  try {
    const opened = await openSqliteStore({
      intentPath: join(dataDir, 'eliot.db'),
      volatilePath: join(runDir, 'volatile.db'),
      bootId: identity.bootId,
      clock,
      log,
    });
    try {
      const named = await nameDevice(options, opened);
      await runWithStore(named, identity, runtime, opened, signal);
    } finally {
      await opened.store.close();
    }
  } finally {
    runtime.close();
  }
}

/** The options with the name that the device has from now on. A damaged store, which takes no changes, is left as it is. */
async function nameDevice(
  options: AgentOptions,
  { store, readOnly }: Awaited<ReturnType<typeof openSqliteStore>>,
): Promise<AgentOptions> {
  if (readOnly) return options;
  const nodeName = await chooseNodeName(store, options.settings);
  const oldNames = await takeOverNodeName(store, nodeName);
  if (oldNames.length > 0) options.log.info('the device has another name', { nodeName, oldNames });
  return { ...options, settings: { ...options.settings, nodeName } };
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
  const { external: readAddresses, hostIPs } = createDeviceAddresses(clock, settings.bridge);
  const certificateChild = { runChild, nodeProgram, certificatesProgram };
  const issue = issueInChild(certificateChild);
  // Pods that come before it looks wait without a node; so do all while the store is read-only.
  let scheduler: Scheduler | undefined;
  let bundles: KeptBundles | undefined;
  const podQuota = new PodQuota({ clock, podQuota: settings.podQuota });
  const registry = new Registry({
    store,
    clock,
    nodeName,
    admission,
    admissionChecks,
    placePod: (pod) => scheduler?.place(pod as unknown as Pod),
    takePodPlace: (pod) => podQuota.take(pod),
    deletionStep: async (deletion, proceed) => {
      await bundles?.checkMayRemove(deletion);
      return issuedClients.deletionStep(deletion, proceed);
    },
  });
  const issuedClients = new IssuedClients(registry);
  await issuedClients.load();
  if (!opened.readOnly) await adoptEarlierClients(store, issuedClients);
  const isRevoked = (pem: string): boolean => !opened.readOnly && !issuedClients.has(fingerprintOf(pem));
  const pki = await openDeviceCertificates(settings, readAddresses(), issue, signal, isRevoked);
  if (!opened.readOnly) await issuedClients.add(pki.admin.cert, adminName, [adminGroup]);
  const clientOf = (user: string): ObjectClient => createLocalClient(registry, systemUser(user));
  const nodeClient = clientOf(`system:node:${nodeName}`);
  if (!opened.readOnly) {
    await ensureSystemNamespaces(clientOf('system:apiserver'));
    await ensureSystemPriorityClasses(clientOf('system:apiserver'));
  }

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
  podQuota.follow(informers.pods, group.signal);
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
  const host = await openKubeletHost(dataDir, group.signal);
  const recorder = new EventRecorder({
    client: nodeClient,
    clock,
    log,
    nodeName,
    eventTtl: settings.eventTtl,
    newNameSuffix: () => randomBytes(8).toString('hex'),
  });
  const warnNode = (reason: string, message: string): void =>
    recorder.recordFor(nodeItself(nodeName), { type: 'Warning', reason, message, component: 'kubelet' });
  const namespaces = informer<Namespace>(resources.namespaces);
  const nodeInformer = informer<Node>(resources.nodes);
  const node = (): Node | undefined => nodeInformer.get({ name: nodeName });
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
  const { reporter: imageReporter, reclaim: reclaimDisk } = keepImages(group, {
    client: nodeClient,
    images: runtime.images,
    runtime: runtime.runtime,
    clock,
    log,
    objects: informer<Image>(resources.images),
    pods: informers.pods,
    warnNode,
    space: () => diskSpace(dataDir),
    settings,
    whenRuntimeReady: runtimeReady.promise,
    mayRemove: !opened.readOnly,
  });
  const fileSync = createFileSync({ ...options, pods: informers.pods, directories: { dataDir, runDir } });
  let pipes: KeptPipes | undefined;
  const kubelet = createKubelet(
    {
      client: nodeClient,
      runtime: runtime.runtime,
      images: runtime.images,
      pullObserver: imageReporter,
      node,
      clock,
      log,
      events: recorder,
      informers,
      host,
      machine,
      allocatable,
      allPods: podLimits(machine, settings),
      dirs: { dataDir, runDir },
      settings: { ...settings, instanceId: identity.instanceId, eviction: settings },
      reclaimDisk,
      onPressure: () => publisher.poke(),
      hostIPs,
      whenRuntimeReady: runtimeReady.promise,
      onVolumesGo: (uid) => fileSync.endOf(uid),
      tokens: deviceTokens.podTokens,
      apiVariables: async (pod) => {
        const address = await podApi?.addressFor(pod);
        return address && apiVariables(address);
      },
      mayEndOrphans: () => !opened.readOnly,
      keepsLog: async (path) => (await pipes?.keepsLog(path)) === true,
      random: () => randomInt(1_000_000) / 1_000_000,
    },
    group.signal,
  );

  const people = keepPeople(group, {
    client: clientOf('system:eliot:clients'),
    clock,
    log,
    issuedClients,
    mayWrite: !opened.readOnly,
    settings,
    isPodAddress: (address) =>
      informers.pods.list().some((pod) => pod.status?.podIPs?.some(({ ip }) => ip === address)),
    tell: (event) => recorder.recordFor(nodeItself(nodeName), { type: 'Normal', ...event, component: 'eliotd' }),
  });
  const adminFingerprint = fingerprintOf(pki.admin.cert);
  const isPaired = (): boolean => hasPairedPerson(issuedClients, adminFingerprint);
  const listen = splitListenAddress(settings.listen);
  let apiPort = listen.port;
  const pairing = new PairingService({
    nodeName,
    addresses: () => reachableAddresses(listen.host, apiPort, readAddresses()),
    ca: pki.ca,
    sign: signInChild(certificateChild),
    people: () => issuedClients.list(),
    admit: (cert, name, groups) => issuedClients.add(cert, name, groups),
    clock,
    log,
    warnNode,
  });
  const logFiles = createLogFiles('containerd');
  const onImported = (signal: AbortSignal): Promise<void> => {
    // A pod may wait for just this image, minutes from its next try.
    kubelet.lookAgain();
    return imageReporter.look(signal);
  };
  bundles = keepBundles(group, {
    ...options,
    client: clientOf('eliot:bundles'),
    clientOf: (user) => createLocalClient(registry, user),
    checkRoleGrants: (kind, object, user) => registry.checkRoleGrants(kind, object, user),
    events: recorder,
    warnNode,
    runtime,
    onImported,
    onImageRemoved: () => imageReporter.imagesChanged(),
    whenRuntimeReady: runtimeReady.promise,
    bundles: informer<Bundle>(resources.bundles),
    mayWrite: !opened.readOnly,
  });
  const api = await serveApi({
    registry,
    runtime,
    kubelet,
    pods: informers.pods,
    node,
    onImported,
    imagePushes: keepPushes(group, { ...options, dataDir, runtime, onImported }),
    podSync: fileSync,
    bundles: bundles.receiver,
    usage: host.usage,
    machine,
    logFiles,
    ...people,
    tokens: deviceTokens.tokens,
    pairing,
    pki,
    clock,
    log,
    openApi: options.openApi,
    settings,
    stopping: group.signal,
  });
  apiPort = api.port;

  const identityWatch = new IdentityWatch({ log, warnNode, onChange: () => publisher.poke() });
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
          apiPort: api.port,
          storeRecovered: opened.recovered,
          duplicates: () => identityWatch.duplicates,
          images: imageReporter.known,
          pressures: kubelet.pressures,
          hasMemoryCgroups: host.hasMemoryCgroups,
        },
        stopping,
      ),
  });
  if (!opened.readOnly) await publisher.register();
  await identityWatch.lookAtMachine(dataDir, readMachineMarks, createIdentityFiles(createFiles()));
  kubelet.devices.watch(() => {
    publisher.poke();
    kubelet.lookAgain();
  }, group.signal);
  await deviceTokens.learnNode();
  const bridgeApi = new PodApi({
    listen: { host: listen.host, port: api.port },
    podCidr: settings.containerd === 'managed' ? settings.podCidr : undefined,
    hostIPs,
    listenAlso: (address, isWelcome) => api.listenAlso(address, isWelcome),
    warnNode,
    clock,
    log,
  });
  // Pods that went on running without eliotd.
  podApi = bridgeApi;
  await bridgeApi.open();
  group.start((stopping) => bridgeApi.run(stopping));
  group.start((stopping) => deviceTokens.podTokens.run(stopping));
  const renew = async (addresses: readonly string[], stopping: AbortSignal): Promise<void> =>
    api.useCertificates(await openDeviceCertificates(settings, addresses, issue, stopping));
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
  const logDeps = { clock, log, cache, pods: informers.pods, events: recorder, settings, runtime: runtime.runtime };
  const { bootId } = identity;
  pipes = keepPipes(group, { ...logDeps, files: host.files, logFiles, bootId, dirs: { dataDir, runDir } });
  const remove = async (path: string): Promise<void> => {
    await pipes?.fileGoes(path);
    await logFiles.remove(path);
  };
  const rotated = { ...logDeps, files: { ...logFiles, remove }, directories: logRoots };
  group.start((stopping) => keepLogs(rotated, stopping));
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
    terminatedPodGCThreshold: settings.terminatedPodGCThreshold,
  });
  options.onReady(api.url, api.kubeconfig);
  await showFirstCode({
    where: settings.showPairingCode,
    isPaired,
    openCode: () => pairing.openCode({ groups: [adminGroup] }),
    writeToConsole,
    writeToStdout: options.writeToStdout,
    log,
  });
  if (settings.discovery) {
    group.start(async (stopping) => {
      // Loaded when the API answers already.
      const { announceDevice } = await import('./discovery/announce-device.ts');
      const onDuplicates = (heard: readonly Duplicate[]): void => identityWatch.heard(heard);
      const { cert: caCertificate } = pki.ca;
      await announceDevice({ clock, log, listen: api, settings, caCertificate, isPaired, onDuplicates }, stopping);
    });
  }
  log.info('ready', { version, server: api.url, runDir, node: nodeName });

  signal.addEventListener('abort', () => group.stop(), { once: true });
  if (signal.aborted) group.stop();
  try {
    await group.join();
  } finally {
    await api.close();
  }
}
