/**
 * The container runtime as the agent needs it, and no more, in the words of Kubernetes'
 * Container Runtime Interface `runtime.v1`.
 *
 * `containerd/` implements it over containerd's socket; `testing/fake-runtime.ts` in memory.
 * Both pass `testing/runtime-suite.ts`. Every call ends by itself within a bound of its own
 * or when `signal` aborts. Errors are `StatusError`: NotFound, AlreadyExists, Invalid (the
 * runtime refused the configuration), Timeout, ServiceUnavailable (not answering; retry),
 * InternalError (anything else; `message` is the runtime's own).
 */
import type { Duplex, Readable, Writable } from 'node:stream';

export type SandboxId = string & { readonly __brand: 'SandboxId' };
export type ContainerId = string & { readonly __brand: 'ContainerId' };

export type Labels = Readonly<Record<string, string>>;

/** CRI NamespaceMode. `pod`: shared in the sandbox; `container`: own; `node`: the host's. */
export type NamespaceMode = 'pod' | 'container' | 'node';

export interface NamespaceModes {
  readonly network: 'pod' | 'node';
  readonly pid: NamespaceMode;
  readonly ipc: 'pod' | 'node';
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIP: string;
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** One of seccomp's or AppArmor's profiles; `localhost` carries an absolute path or profile name. */
export type SecurityProfile =
  | { readonly type: 'RuntimeDefault' }
  | { readonly type: 'Unconfined' }
  | { readonly type: 'Localhost'; readonly localhostRef: string };

export interface SandboxConfig {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  /** Must be absent for host network (the runtime refuses it there). */
  readonly hostname: string | undefined;
  /** Directory of the containers' log files. */
  readonly logDirectory: string;
  readonly dns: DnsConfig | undefined;
  readonly portMappings: readonly PortMapping[];
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Name of what runs the pod in the runtime's configuration; empty: its default. `Invalid` when it has none of that name. */
  readonly runtimeHandler: string;
  /** Path below the cgroup root, for example `/eliot/burstable/pod<uid>`. */
  readonly cgroupParent: string;
  readonly sysctls: Labels;
  readonly namespaces: NamespaceModes;
  readonly privileged: boolean;
  readonly readonlyRootfs: boolean;
  readonly runAsUser: number | undefined;
  readonly runAsGroup: number | undefined;
  readonly supplementalGroups: readonly number[];
  readonly seccomp: SecurityProfile;
}

export type MountPropagation = 'None' | 'HostToContainer' | 'Bidirectional';

export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly propagation: MountPropagation;
}

export interface Device {
  readonly hostPath: string;
  readonly containerPath: string;
  /** Of `r`, `w`, `m`. */
  readonly permissions: string;
}

export interface LinuxResources {
  /** Microseconds. */
  readonly cpuPeriod: number;
  /** Microseconds of CPU a period; 0 means no limit. */
  readonly cpuQuota: number;
  readonly cpuShares: number;
  /** 0 means no limit. */
  readonly memoryLimitBytes: number;
  readonly oomScoreAdj: number;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly readonlyRootfs: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  /** A number, or a name to look up in the image, or undefined for the image's own user. */
  readonly runAsUser: number | string | undefined;
  readonly runAsGroup: number | undefined;
  readonly supplementalGroups: readonly number[];
  readonly noNewPrivileges: boolean;
  readonly seccomp: SecurityProfile;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly namespaces: NamespaceModes;
  /** Joins the processes of this running container of the same sandbox, and ends with it. */
  readonly pidTarget?: ContainerId;
}

export interface ContainerConfig {
  readonly name: string;
  readonly attempt: number;
  /** Image id or full reference that `Images.status` knows. */
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  readonly labels: Labels;
  readonly annotations: Labels;
  /** File name below the sandbox's log directory, for example `web/0.log`. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  /**
   * Its program begins only when somebody attaches, who then sees all that it prints; `Running` all the same. It must have
   * `stdin`, and be of the runtime's default handler.
   */
  readonly holdUntilAttached: boolean;
  readonly resources: LinuxResources;
  readonly security: ContainerSecurity;
}

export interface Sandbox {
  readonly id: SandboxId;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAtMs: number;
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface SandboxStatus extends Sandbox {
  /** Empty for host network, or when the network is gone. */
  readonly ips: readonly string[];
}

export type RuntimeContainerState = 'Created' | 'Running' | 'Exited' | 'Unknown';

export interface RuntimeContainer {
  readonly id: ContainerId;
  readonly sandboxId: SandboxId;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageId: string;
  readonly state: RuntimeContainerState;
  readonly createdAtMs: number;
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface RuntimeContainerStatus extends RuntimeContainer {
  /** 0 while it has not started. */
  readonly startedAtMs: number;
  /** 0 while it has not ended. */
  readonly finishedAtMs: number;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerCannotRun`, `Unknown` (lost at a reboot) or empty. */
  readonly reason: string;
  readonly message: string;
  /** Absolute path of the log file. */
  readonly logPath: string;
}

/** A hint that something changed; the reader looks again. `lost` = events may be missing, relist. */
export type RuntimeEvent =
  | { readonly type: 'started' | 'deleted' | 'oom'; readonly containerId: string }
  /** Its process has ended; the runtime still empties its output and says `Exited` some 40 ms later. */
  | { readonly type: 'exited'; readonly containerId: string; readonly exitCode: number }
  | { readonly type: 'lost' };

export interface ExecRequest {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly resize: AsyncIterable<{ readonly width: number; readonly height: number }>;
}

export interface ExecSyncResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number;
}

export interface RuntimeCondition {
  readonly ready: boolean;
  readonly reason: string;
  readonly message: string;
}

export interface RuntimeStatus {
  readonly runtime: RuntimeCondition;
  readonly network: RuntimeCondition;
}

/** Bytes that an input takes whole or not at all (Linux' PIPE_BUF). */
export const undividedBytes = 4_096;
/** What was written to an input and not read by its container is never more: a FIFO, a buffer of the runtime, and a pipe. */
export const unreadInputBytes = 65_536 + 32_768 + 65_536;
/** The part of it that the runtime may have in its hands, and takes with it. */
export const carriedInputBytes = 32_768;

/** The stdin of a running container: what is written waits until the container reads it, whatever becomes of the writer. */
export interface ContainerInput {
  /** Writes all of at most `undividedBytes`, or nothing: false when there is no room now, or the container has ended. */
  write(bytes: Uint8Array): boolean;
  /** Notes a number from 0 to 2^32 on the input itself. It stands there until something is written, also when we are killed meanwhile. */
  mark(number: number): void;
  /** Whether that number stands there: nothing was written since. */
  isMarked(number: number): boolean;
  /**
   * Bytes that the container has not read; undefined when more than that are on their way to it. Only to be asked when nothing
   * was written for a while, and nothing is meanwhile: it takes them out and puts them back.
   *
   * @param onTaken told how many bytes, the last that were written, are in our hands and would be lost with us; 0 when they are
   *   back. `isWaiting`: they had not reached the container's own pipe, so putting them back takes away the mark
   * @throws Error when they could not be put back, because somebody else wrote there too; StatusError `Invalid` when somebody
   *   else writes so much that it never ends
   */
  countUnread(onTaken: (bytes: number, isWaiting: boolean) => void): Promise<number | undefined>;
  /** Takes out what the container has not read; only when it has ended. @throws StatusError `Invalid` as above */
  takeUnread(): Promise<UnreadInput>;
  /** The container keeps what it has not read. */
  close(): void;
}

export interface UnreadInput {
  /** Bytes that were found. Behind the first of them, at most `carriedInputBytes` more may have been lost. */
  readonly count: number;
  /** There was no room for what the runtime had in its hands, so that some were lost, likely. */
  readonly wasFull: boolean;
  /** The first of what was not read. */
  readonly first: Buffer;
}

export interface Runtime {
  version(signal: AbortSignal): Promise<{ readonly name: string; readonly version: string }>;
  status(signal: AbortSignal): Promise<RuntimeStatus>;

  /** Makes and starts a sandbox. Same name, uid and attempt twice: AlreadyExists. */
  runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<SandboxId>;
  /** Ends every process of the sandbox and takes its network down. Repeatable; fine when it is gone. */
  stopSandbox(id: SandboxId, signal: AbortSignal): Promise<void>;
  /** Removes a sandbox and its containers. Fine when it is gone. */
  removeSandbox(id: SandboxId, signal: AbortSignal): Promise<void>;
  /** Only sandboxes that carry every label of `selector`. */
  listSandboxes(selector: Labels, signal: AbortSignal): Promise<readonly Sandbox[]>;
  sandboxStatus(id: SandboxId, signal: AbortSignal): Promise<SandboxStatus>;

  createContainer(
    sandbox: SandboxId,
    config: ContainerConfig,
    sandboxConfig: SandboxConfig,
    signal: AbortSignal,
  ): Promise<ContainerId>;
  /** Starts a created container; a second call on a running one does nothing. */
  startContainer(id: ContainerId, signal: AbortSignal): Promise<void>;
  /** SIGTERM, then SIGKILL after `graceSeconds`; resolves when the process is gone, at once if it already was. */
  stopContainer(id: ContainerId, graceSeconds: number, signal: AbortSignal): Promise<void>;
  /** Sends a signal, by its number, to the container's first process. NotFound when that has ended. */
  signalContainer(id: ContainerId, signalNumber: number, signal: AbortSignal): Promise<void>;
  /** Kills it if it runs. Fine when it is gone. */
  removeContainer(id: ContainerId, signal: AbortSignal): Promise<void>;
  listContainers(selector: Labels, signal: AbortSignal): Promise<readonly RuntimeContainer[]>;
  containerStatus(id: ContainerId, signal: AbortSignal): Promise<RuntimeContainerStatus>;
  /**
   * What the container wrote into files of its own, in bytes; volumes and logs do not count. As the runtime saw it at its
   * last look, some ten seconds ago; 0 while it has not looked.
   */
  writableLayerBytes(id: ContainerId, signal: AbortSignal): Promise<number>;
  reopenContainerLog(id: ContainerId, signal: AbortSignal): Promise<void>;

  /** For probes and hooks: runs to its end, output bounded to 16 MiB. Timeout when it takes longer. */
  execSync(
    id: ContainerId,
    command: readonly string[],
    timeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<ExecSyncResult>;
  /**
   * Runs a command with streams; resolves with its exit code when all output was written. On abort the
   * process gets SIGHUP, then SIGKILL. At most 4 starts at once a sandbox (more stall its shim).
   */
  exec(id: ContainerId, request: ExecRequest, signal: AbortSignal): Promise<number>;
  /** Joins the container's own streams until it ends or `signal` aborts. */
  attach(id: ContainerId, request: Omit<ExecRequest, 'command'>, signal: AbortSignal): Promise<void>;
  /**
   * The stdin of a running container that was made with `stdin`, and without `tty`.
   *
   * @throws StatusError `NotFound` when it does not run, `Invalid` when it has no stdin of the runtime's, or no longer
   */
  openInput(id: ContainerId, signal: AbortSignal): Promise<ContainerInput>;
  /**
   * A TCP connection into the sandbox's network, loopback listeners included. When nobody listens it rejects, or the
   * stream fails before its first byte, with ServiceUnavailable (containerd opens the stream first).
   */
  portForward(id: SandboxId, port: number, signal: AbortSignal): Promise<Duplex>;

  /**
   * Events from now on, until `signal` aborts. After each (re)connection the first event is `lost`,
   * so that a reader that relists on `lost` misses nothing.
   */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

export interface Image {
  /** Digest of the config, as CRI's image id. */
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The image's USER when it is a number. */
  readonly uid: number | undefined;
  /** The image's USER when it is a name. */
  readonly username: string;
}

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
}

/** An image with what is known of how it came. */
export interface StoredImage extends Image {
  /** Unpacked and flushed to disk. */
  readonly synced: boolean;
  /** It has a name that came from an archive, not from a registry. */
  readonly sideLoaded: boolean;
  /** The runtime's own: the sandbox image. */
  readonly pinned: boolean;
  /** By name, when it came to mean this image; milliseconds since 1970 by the device's clock. */
  readonly loadedAtMs: ReadonlyMap<string, number>;
}

/** How much of one layer is on the device. */
export interface LayerProgress {
  /** Of the layer as the registry has it. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly doneBytes: number;
}

/** How far a pull is. */
export interface PullProgress {
  /** `Unpacking`: every layer is downloaded. */
  readonly phase: 'Resolving' | 'Downloading' | 'Unpacking';
  /** In their order; empty until the registry has told them. */
  readonly layers: readonly LayerProgress[];
}

/** A tar archive that has not been read yet. */
export interface ImageArchive {
  /** Exactly what `read` gives. */
  readonly sizeBytes: number;
  /** The archive piece by piece, as fast as it is taken; at most some megabytes are held. */
  read(): AsyncIterable<Uint8Array>;
}

export interface Images {
  list(signal: AbortSignal): Promise<readonly StoredImage[]>;
  /** Undefined when the image is not on the device. Accepts short names (`busybox`). */
  status(reference: string, signal: AbortSignal): Promise<Image | undefined>;
  /**
   * Downloads and unpacks; resolves with the image's id when it would outlive a power cut. What was downloaded is kept
   * when it fails or is aborted, and the next pull of that name goes on from there.
   *
   * @param onProgress called about once a second
   */
  pull(
    reference: string,
    auth: RegistryAuth | undefined,
    signal: AbortSignal,
    onProgress?: (progress: PullProgress) => void,
  ): Promise<string>;
  /** Drops one tag, or all names of an id; fine when it is gone. */
  remove(reference: string, signal: AbortSignal): Promise<void>;
  /** Drops just this name, and the content when nobody else gave it one; fine when it is gone. */
  removeName(reference: string, signal: AbortSignal): Promise<void>;
  /** Full names of images whose pull has not succeeded and left something behind. */
  listPulls(signal: AbortSignal): Promise<readonly string[]>;
  /** Drops what the pull of that name left; nothing when one is under way. */
  abandonPull(name: string, signal: AbortSignal): Promise<void>;
  /**
   * Side-loads a docker-save or OCI-layout tar; resolves with the full names it brought.
   *
   * @param checkNames told the full names before anything gets one; what it throws ends the import
   */
  importArchive(
    archive: Readable,
    signal: AbortSignal,
    checkNames?: (names: readonly string[]) => Promise<void>,
  ): Promise<readonly string[]>;
  /**
   * An image as such a tar, by its name or id; loaded elsewhere it is the same by every digest.
   *
   * @throws StatusError `NotFound` when the image, or a part of it, is not on the device
   */
  exportArchive(reference: string, signal: AbortSignal): Promise<ImageArchive>;
}
