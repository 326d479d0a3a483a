/** Configurations of sandboxes and containers for tests: complete, harmless, each field replaceable. */
import { PassThrough, Writable } from 'node:stream';
import type { ContainerConfig, ExecRequest, NamespaceModes, SandboxConfig } from '../runtime/runtime.ts';

const hostNetwork: NamespaceModes = { network: 'node', pid: 'container', ipc: 'pod' };

/** A sandbox on the host's network. */
export function sandboxConfig(overrides: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    name: 'web',
    namespace: 'default',
    uid: '11111111-2222-3333-4444-555555555555',
    attempt: 0,
    hostname: undefined,
    logDirectory: '/tmp/eliot-test-logs/web',
    dns: undefined,
    portMappings: [],
    labels: {},
    annotations: {},
    runtimeHandler: '',
    cgroupParent: '/eliot/besteffort/pod11111111-2222-3333-4444-555555555555',
    sysctls: {},
    namespaces: hostNetwork,
    privileged: false,
    readonlyRootfs: false,
    runAsUser: undefined,
    runAsGroup: undefined,
    supplementalGroups: [],
    seccomp: { type: 'RuntimeDefault' },
    ...overrides,
  };
}

/** A container of busybox that sleeps for an hour. */
export function containerConfig(overrides: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    name: 'main',
    attempt: 0,
    image: 'busybox',
    command: ['sleep', '3600'],
    args: [],
    workingDir: '',
    env: [],
    mounts: [],
    devices: [],
    labels: {},
    annotations: {},
    logPath: 'main/0.log',
    stdin: false,
    stdinOnce: false,
    tty: false,
    holdUntilAttached: false,
    resources: { cpuPeriod: 100_000, cpuQuota: 0, cpuShares: 2, memoryLimitBytes: 0, oomScoreAdj: 1000 },
    security: {
      privileged: false,
      readonlyRootfs: false,
      addCapabilities: [],
      dropCapabilities: [],
      runAsUser: undefined,
      runAsGroup: undefined,
      supplementalGroups: [],
      noNewPrivileges: false,
      seccomp: { type: 'RuntimeDefault' },
      maskedPaths: [],
      readonlyPaths: [],
      namespaces: hostNetwork,
    },
    ...overrides,
  };
}

/** A command without streams. */
export function execRequest(overrides: Partial<ExecRequest> = {}): ExecRequest {
  return {
    command: ['true'],
    tty: false,
    stdin: undefined,
    stdout: undefined,
    stderr: undefined,
    resize: noSizes(),
    ...overrides,
  };
}

/** Terminal sizes that never come. */
export async function* noSizes(): AsyncGenerator<never> {}

/** A stream that keeps what is written to it and tells when a text has appeared. */
export class Collector extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #watchers = new Set<() => void>();

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  /** Resolves when `text` has been written. */
  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  /** Resolves when more than `bytes` bytes have been written. */
  async grown(bytes: number): Promise<void> {
    while (this.bytes.length <= bytes) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#chunks.push(chunk);
    callback();
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}

/** An input that holds `text` and ends. */
export function inputOf(content: string | Buffer): PassThrough {
  const input = new PassThrough();
  input.end(content);
  return input;
}
