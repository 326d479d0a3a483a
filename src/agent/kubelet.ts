/**
 * The kubelet's part of the daemon: builds and joins the parts that run pods. Decides nothing.
 */
import type { ConfigMap } from '../api/kinds/config-map.ts';
import type { Node } from '../api/kinds/node.ts';
import { amountOf } from '../api/kinds/pod/requests.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { Secret } from '../api/kinds/secret.ts';
import type { ObjectClient, ObjectKey } from '../api/object-client.ts';
import { pods, runtimeClasses } from '../api/resources.ts';
import type { UsageReader } from '../host/cgroup-usage.ts';
import type { Cgroups } from '../host/cgroups.ts';
import type { DeviceNodes } from '../host/device-nodes.ts';
import type { Files } from '../host/files.ts';
import type { NodeSignals } from '../host/node-signals.ts';
import type { Clock } from '../lib/clock.ts';
import { Limiter } from '../lib/limiter.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import type { Images, RegistryAuth, Runtime } from '../runtime/runtime.ts';
import { NodeAdmission } from './admission/node-admission.ts';
import { unsupportedVerdict } from './admission/unsupported.ts';
import { ConfigProvider } from './container-config/config-provider.ts';
import { type PodFacts, podFieldText, resourceFieldText } from './container-config/field-ref.ts';
import { DeviceManager, type DeviceSetting } from './devices/device-manager.ts';
import { PodDns, type PodDnsDeps } from './dns/pod-dns.ts';
import { type EvictionDeps, EvictionManager } from './eviction/eviction-manager.ts';
import { createPodUsage } from './eviction/pod-usage.ts';
import { ImageManager, type PullObserver } from './images/image-manager.ts';
import { TemplateImages } from './images/template-images.ts';
import { removeLeftovers } from './leftovers.ts';
import { ActiveDeadlines } from './lifecycle/active-deadlines.ts';
import { createContainerEnder } from './lifecycle/create-container-ender.ts';
import { type LogStorage, logStorage } from './logs/rotation/log-limits.ts';
import { PodCache } from './pleg/pod-cache.ts';
import { createPodCgroups, type PodCgroupsDeps, podCgroupParents } from './pod-cgroups.ts';
import { type PodRef, podRef } from './pod-names.ts';
import { PodRemains } from './pod-remains.ts';
import { createProber } from './prober/create-prober.ts';
import { computePodStatus } from './status/compute-pod-status.ts';
import { qosClass } from './status/qos.ts';
import { StatusManager } from './status/status-manager.ts';
import { TerminationMessages } from './status/termination-messages.ts';
import { isTerminal, withheldPhase } from './status/withhold-phase.ts';
import { containerHash } from './sync/container-hash.ts';
import { createPodSteps, type PodReporter } from './sync/pod-steps.ts';
import { PodWorkers } from './sync/pod-workers.ts';
import { type PodEvents, type PodVolumes, VolumeError } from './sync/services.ts';
import { type ObjectSource, SyncLoop } from './sync/sync-loop.ts';
import type { TokenProjection } from './tokens/pod-tokens.ts';
import { SetUpError } from './volumes/volume-error.ts';
import { isApiVolume, VolumeLayout, volumeNamed } from './volumes/volume-layout.ts';
import { VolumeManager, type VolumeMounts } from './volumes/volume-manager.ts';

/** An informer, as the kubelet uses it. */
export interface KeyedSource<T> extends ObjectSource<T> {
  get(key: ObjectKey): T | undefined;
}

export interface KubeletDeps {
  readonly client: ObjectClient;
  readonly runtime: Runtime;
  readonly images: Images;
  /** Is told how pulls go. */
  readonly pullObserver?: PullObserver;
  /** The node as the API has it; undefined until it is known. */
  readonly node: () => Node | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: PodEvents;
  readonly informers: {
    readonly pods: KeyedSource<Pod>;
    readonly configMaps: KeyedSource<ConfigMap>;
    readonly secrets: KeyedSource<Secret>;
  };
  readonly host: {
    readonly files: Files;
    readonly mounts: VolumeMounts;
    readonly cgroups: Cgroups;
    readonly watchPaths: PodDnsDeps['watch'];
    readonly deviceNodes: DeviceNodes;
    /** False on a kernel that cannot limit memory. */
    readonly hasMemoryCgroups: boolean;
    readonly usage: UsageReader;
    readonly signals: NodeSignals;
    /** Bytes at and below a path. */
    readonly diskUsage: (path: string) => Promise<number>;
  };
  readonly machine: { readonly cpus: number; readonly memoryBytes: number; readonly hasAppArmor: boolean };
  /** Quantities that pods may use together, by resource. */
  readonly allocatable: PodFacts['allocatable'];
  /** What the kernel lets them use together. */
  readonly allPods: PodCgroupsDeps['allPods'];
  readonly dirs: { readonly dataDir: string; readonly runDir: string };
  readonly settings: {
    readonly nodeName: string;
    readonly instanceId: string;
    readonly devices: readonly DeviceSetting[];
    readonly eviction: EvictionDeps['settings'];
    /** KubeletConfiguration; -1: no limit. */
    readonly podPidsLimit: number;
    readonly maxParallelImagePulls: number;
    readonly presentImageWhenOffline: boolean;
    /** How registries are reached, by host; here only the logins matter. */
    readonly registries: Readonly<Record<string, { readonly auth?: RegistryAuth | undefined }>>;
    /** Milliseconds. */
    readonly maxContainerRestartPeriod: number;
    /** Where logs lie unless the pod says otherwise. */
    readonly containerLogStorage: LogStorage;
    readonly resolvConf: string;
    readonly allowedUnsafeSysctls: readonly string[];
  };
  /** Addresses of the device, IPv4 first. */
  readonly hostIPs: () => readonly string[];
  /** Resolves when pods may be started. Default: at once; what runs already is looked after from the beginning. */
  readonly whenRuntimeReady?: Promise<void>;
  /** From 0 to 1, for what must not happen to all pods at once. */
  readonly random: () => number;
  /** Called before the volumes of a pod are removed; nobody may use them afterwards. */
  readonly onVolumesGo: (uid: string) => Promise<void>;
  /** Tokens of the pods' accounts. Default: none are issued, and volumes that ask for one wait. */
  readonly tokens?: { token(pod: Pod, wanted: TokenProjection): string; forget(uid: string): void };
  /** See `PodFacts.apiVariables`. Default: none. */
  readonly apiVariables?: (pod: Pod) => Promise<PodFacts['apiVariables']>;
  /** See `EvictionDeps.reclaimDisk`. */
  readonly reclaimDisk?: EvictionDeps['reclaimDisk'] | undefined;
  /** Hears that the node is short of something, or no longer. */
  readonly onPressure?: () => void;
  /** Whether the log of a container that is removed must stay, because it is still to be read. Default: none must. */
  readonly keepsLog?: (path: string) => Promise<boolean>;
  /** Default: orphans may be ended. */
  readonly mayEndOrphans?: () => boolean;
}

export interface Kubelet {
  /** What runs now, for logs, exec and port-forward. */
  readonly cache: PodCache;
  /** Devices of the machine that containers are given. */
  readonly devices: DeviceManager;
  /** What the node is short of. */
  readonly pressures: () => EvictionManager['conditions'];
  /** Control group of a pod, below the root of control groups. */
  readonly cgroupOf: (pod: Pod) => string;
  /** Where logs lie. */
  readonly logRoots: PodRemains['logRoots'];
  /** Resolves when the runtime was looked at for the first time. */
  readonly whenObserved: Promise<void>;
  /** Brings images here before there are pods of them. */
  readonly templateImages: TemplateImages;
  /** Fetches an image that no pod asks for. */
  readonly pullImage: ImageManager['pull'];
  /** Looks at every pod now: an image was loaded that one may have waited for. */
  lookAgain(): void;
  /** Looks at one pod now: its token is to be renewed. */
  wake(uid: string): void;
  /** Works until `signal` aborts; containers go on running. */
  run(signal: AbortSignal): Promise<void>;
}

/** When the runtime was not looked at by then, pods are evicted by what their groups alone tell. */
const evictsUnobservedAfterMs = 10_000;

/** @param stopping aborts when the process stops; the same signal must later be given to `run` */
export function createKubelet(deps: KubeletDeps, stopping: AbortSignal): Kubelet {
  const { client, runtime, images, clock, log, events, informers, host, machine, dirs, settings, hostIPs } = deps;
  const mayEndOrphans = deps.mayEndOrphans ?? (() => true);
  const layout = new VolumeLayout(dirs);
  const remains = new PodRemains({ files: host.files, ...dirs });
  const cache = new PodCache({ runtime, instanceId: settings.instanceId, clock, log });
  const allocatable = (): PodFacts['allocatable'] => deps.allocatable;
  const ownPods = () => informers.pods.list().filter(({ spec }) => spec.nodeName === settings.nodeName);
  const configMap = (namespace: string, name: string) => informers.configMaps.get({ namespace, name });
  const secret = (namespace: string, name: string) => informers.secrets.get({ namespace, name });
  const factsOf = (pod: Pod): PodFacts => ({
    podIPs: (pod.status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []),
    hostIPs: hostIPs(),
    allocatable: allocatable(),
  });

  const volumes = new VolumeManager({
    files: host.files,
    mounts: host.mounts,
    layout,
    clock,
    memoryBytes: amountOf('memory', deps.allocatable.memory),
    sources: {
      configMap,
      secret,
      podField: (pod, fieldPath) => podFieldText(pod, fieldPath, factsOf(pod)),
      resourceField: (pod, ref) => resourceFieldText(pod, undefined, ref, factsOf(pod)),
      serviceAccountToken: (pod, wanted) => {
        if (deps.tokens === undefined) throw new Error('failed to fetch token: none are issued here');
        return deps.tokens.token(pod, wanted);
      },
    },
  });
  const cgroups = createPodCgroups({
    cgroups: host.cgroups,
    instanceId: settings.instanceId,
    podPidsLimit: settings.podPidsLimit,
    allPods: deps.allPods,
    pods: ownPods,
    log,
  });
  const dns = new PodDns({
    files: host.files,
    watch: host.watchPaths,
    podRunDirectory: (uid) => layout.podRunDirectory(uid),
    pods: informers.pods,
    clock,
    log,
    resolvConf: settings.resolvConf,
  });
  const devices = new DeviceManager({
    settings: settings.devices,
    nodes: host.deviceNodes,
    pods: () => informers.pods.list(),
    observed: cache,
    log,
  });
  const configs = new ConfigProvider({
    devices,
    hasMemoryCgroups: host.hasMemoryCgroups,
    instanceId: settings.instanceId,
    sources: { configMap, secret },
    files: host.files,
    logDirectory: (pod) => remains.logDirectory(podRef(pod), logStorage(settings, pod)),
    podRunDirectory: (uid) => layout.podRunDirectory(uid),
    cgroupParent: (pod) => cgroups.path(pod),
    dns,
    runtimeHandler: (pod) => runtimeHandlerOf(client, pod),
    seccompDirectory: `${dirs.dataDir}/seccomp`,
    qos: (pod) => qosClass(pod),
    hash: containerHash,
    memoryCapacityBytes: machine.memoryBytes,
    hostIPs,
    allocatable,
    mountSource: (pod, name, subPath, place) => volumes.mountSource(pod, name, subPath, place),
    isReadOnlyVolume: (pod, name) => isApiVolume(volumeNamed(pod, name) ?? { name }),
    apiVariables: deps.apiVariables ?? (async () => undefined),
  });
  const imageManager = new ImageManager({
    images,
    clock,
    secret,
    record: (pod, event) => events.record(pod, event),
    maxParallelPulls: settings.maxParallelImagePulls,
    ...(deps.pullObserver ? { observer: deps.pullObserver } : {}),
    usePresentWhenUnreachable: settings.presentImageWhenOffline,
    nodeLogins: new Map(
      Object.entries(settings.registries).flatMap(([host, { auth }]) => (auth ? [[host, auth]] : [])),
    ),
  });

  const ensureImage: ImageManager['ensure'] = (pod, container, signal) => imageManager.ensure(pod, container, signal);
  const templateImages = new TemplateImages({ ensure: ensureImage, stopping, clock, log });

  const statuses = new StatusManager(client);
  const messages = new TerminationMessages({
    files: host.files,
    directory: (uid) => `${layout.podRunDirectory(uid)}/containers`,
  });
  const abilities = { allowedUnsafeSysctls: settings.allowedUnsafeSysctls, hasAppArmor: machine.hasAppArmor };
  const admission = new NodeAdmission({ nodeName: settings.nodeName, pods: informers.pods, node: deps.node });
  const eviction = new EvictionManager({
    settings: settings.eviction,
    signals: host.signals,
    pods: ownPods,
    isReclaimed: (uid) => workers.isReclaimed(uid),
    usage: createPodUsage({
      reader: host.usage,
      runtime,
      observed: cache,
      cgroupOf: (pod) => cgroups.path(pod),
      logDirectory: (pod) =>
        logStorage(settings, pod) === 'disk' ? remains.logDirectory(podRef(pod), 'disk') : undefined,
      emptyDir: (uid, volume) => layout.path(uid, volume),
      diskUsage: host.diskUsage,
    }),
    reclaimDisk: deps.reclaimDisk,
    wake: (uid) => workers.interrupt(uid),
    onChange: () => deps.onPressure?.(),
    clock,
    log,
    random: deps.random,
  });
  const prober = createProber({
    clock,
    runtime,
    events,
    observed: (uid) => cache.get(uid),
    hostIPs,
    random: deps.random,
    onChange: (uid, mustAct) => {
      steps.republish(uid).catch((error) => {
        log.warn('publishing a probe result failed', { uid, error });
        workers.wake(uid);
      });
      if (mustAct) workers.wake(uid);
    },
  });
  const steps = createPodSteps({
    probes: prober,
    lifecycle: createContainerEnder({ clock, log, runtime, events }),
    hostIPs,
    runtime,
    images: imageManager,
    configs,
    events,
    log,
    clock,
    cache,
    volumes: namedVolumes(volumes, async (uid) => {
      deps.tokens?.forget(uid);
      await deps.onVolumesGo(uid);
    }),
    cgroups,
    reporter: createReporter(statuses, clock, hostIPs),
    messages,
    verdicts: {
      verdict: (pod, observed) =>
        unsupportedVerdict(pod, abilities, observed) ?? admission.verdict(pod) ?? eviction.verdict(pod),
    },
    deadlines: new ActiveDeadlines(clock),
    whenReady: deps.whenRuntimeReady ?? Promise.resolve(),
    starts: new Limiter(2 * machine.cpus),
    longestBackOffMs: settings.maxContainerRestartPeriod,
    removeObject: (ref) => removeObject(client, ref),
    removeFiles: async (ref) => {
      await host.files.remove(layout.podRunDirectory(ref.uid));
      await host.files.remove(layout.podDataDirectory(ref.uid));
      await remains.removeLogs(ref);
    },
    removeContainerFiles: async (uid, container) => {
      if (!(await deps.keepsLog?.(container.logPath))) await remains.removeLog(container.logPath);
      await messages.removeOne(uid, container);
    },
    stopping,
  });
  const workers = new PodWorkers({ steps, clock, log });
  const loop = new SyncLoop({
    ...informers,
    cache,
    workers,
    isOwnStatus: (pod) => statuses.isOwn(pod),
    nodeName: settings.nodeName,
    log,
    mayEndOrphans,
    onAllKnown: () =>
      removeLeftovers(
        {
          files: host.files,
          unmountBelow: (path) => host.mounts.unmountBelow(path),
          cgroups: host.cgroups,
          log,
          podDirectories: [`${dirs.dataDir}/pods`, `${dirs.runDir}/pods`],
          logDirectories: Object.values(remains.logRoots),
          cgroupParents: podCgroupParents(settings.instanceId),
        },
        (uid) => workers.has(uid) || informers.pods.list().some(({ metadata }) => metadata.uid === uid),
      ),
  });
  /** Whom to evict is a question of what its containers use: they must be known, unless the runtime does not answer. */
  const evictOnceObserved = async (signal: AbortSignal): Promise<void> => {
    await Promise.race([cache.whenListed, clock.sleep(evictsUnobservedAfterMs, signal).catch(() => {})]);
    await eviction.run(signal);
  };
  return {
    cache,
    devices,
    pressures: () => eviction.conditions,
    cgroupOf: (pod) => cgroups.path(pod),
    logRoots: remains.logRoots,
    whenObserved: cache.whenListed,
    wake: (uid) => workers.wake(uid),
    templateImages,
    pullImage: (asked, signal) => imageManager.pull(asked, signal),
    lookAgain: () => {
      for (const uid of workers.uids()) workers.wake(uid);
      templateImages.lookAgain();
    },
    run: async (signal) => {
      await Promise.all([
        admission.run(signal),
        // Nothing may be ended that the store does not know for certain.
        ...(mayEndOrphans() ? [evictOnceObserved(signal)] : []),
        prober.run(signal),
        dns.run(signal),
        cache.run(signal),
        workers.run(signal),
        loop.run(signal),
      ]);
      await templateImages.join();
    },
  };
}

function namedVolumes(volumes: VolumeManager, onGone: (uid: string) => Promise<void>): PodVolumes {
  const named = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof SetUpError) throw new VolumeError(error.message, { cause: error });
      throw error;
    }
  };
  return {
    setUp: (pod) => named(volumes.setUp(pod)),
    refresh: (pod) => named(volumes.refresh(pod)),
    tearDown: async (uid) => {
      await onGone(uid);
      await volumes.tearDown(uid);
    },
  };
}

function createReporter(manager: StatusManager, clock: Clock, hostIPs: () => readonly string[]): PodReporter {
  return {
    newest: (pod) => manager.newest(pod),
    publish: async (pod, report) => {
      let isFinished = false;
      const published = await manager.publish(pod, (current) => {
        const status = computePodStatus({ ...report, pod: current, hostIPs: hostIPs(), nowMs: clock.now() });
        isFinished = isTerminal(status);
        return withheldPhase(status, current.status, report.observed);
      });
      return published && { pod: published, isFinished };
    },
    forget: (uid) => manager.forget(uid),
  };
}

/** As the kubelet ends a deletion: nothing is left of the pod, so its object may go. */
async function removeObject(client: ObjectClient, { uid, namespace, name }: PodRef): Promise<void> {
  try {
    await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    // Gone already, or another pod has its name now.
    if (!isStatusError(error, 'NotFound', 'Conflict')) throw error;
  }
}

/** The handler of the pod's RuntimeClass; looked up when a sandbox is made, which is rarely. */
async function runtimeHandlerOf(client: ObjectClient, { spec }: Pod): Promise<string> {
  if (!spec.runtimeClassName) return '';
  const found = await client.get<{ readonly handler: string }>(runtimeClasses, { name: spec.runtimeClassName });
  return found.handler;
}
