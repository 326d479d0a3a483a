/**
 * Chooses the device a command works on (design section 4), in this order: --kubeconfig / --node,
 * ELI_NODE, KUBECONFIG, the local daemon's socket, the devices that were paired. `~/.kube/config` is never read: what
 * stands there is usually somebody's cluster.
 */
import { delimiter, join } from 'node:path';
import type { Kubeconfig } from '../client/kubeconfig.ts';
import type { TransportOptions } from '../client/transport.ts';
import { isStatusError } from '../lib/status-error.ts';
import { devicesPath } from './devices/devices-path.ts';
import type { CliIo, FileAccess } from './io.ts';
import { UsageError } from './usage-error.ts';

export interface TargetFlags {
  readonly kubeconfig?: string | undefined;
  readonly node?: string | undefined;
  readonly context?: string | undefined;
}

export interface Target {
  readonly transport: TransportOptions;
  /** Namespace of the context, when it names one. */
  readonly namespace: string | undefined;
  /** The server must say in /version that it is Eliot, and when `node` is given be that node. */
  readonly verify: { readonly version: boolean; readonly node?: string };
  /** Name of a paired device, which may have another address by now. */
  readonly paired?: string;
}

export type TargetSurroundings = Pick<CliIo, 'env' | 'files' | 'lan' | 'clock'>;

const defaultRunDirectory = '/run/eliot';

/**
 * The device that flags and environment name.
 *
 * @throws UsageError that says what was looked at and what to do, StatusError for a bad kubeconfig
 */
export async function chooseTarget(
  flags: TargetFlags,
  around: TargetSurroundings,
  signal: AbortSignal,
): Promise<Target> {
  const node = flags.node ?? nonEmpty(around.env['ELI_NODE']);
  const files = kubeconfigFiles(flags, around.env);
  if (node !== undefined) return await namedNode(node, files, flags.kubeconfig !== undefined, around);
  if (files.length > 0) return await fromKubeconfig(files, flags.context, around);
  const paired = pairedDevices(around);
  if (flags.context !== undefined) {
    const devices = await paired();
    if (devices !== undefined) return await pairedTarget(devices, flags.context);
    throw new UsageError(
      '--context needs a kubeconfig, and no device is paired',
      'name its file with --kubeconfig or KUBECONFIG',
    );
  }
  const socket = socketPath(around.env);
  if (await around.files.mayUse(socket)) return localDaemon(socket);
  const devices = await paired();
  if (devices !== undefined && devices.contextNames.length > 0) return await onlyDevice(devices, around, signal);
  throw await noDevice(socket, around.files);
}

/** Whether flags, environment or the daemon that runs here say which device is meant: then there is nothing to find. */
export async function namesTarget(
  flags: TargetFlags,
  { env, files }: Pick<TargetSurroundings, 'env' | 'files'>,
): Promise<boolean> {
  const named = flags.node ?? flags.context ?? nonEmpty(env['ELI_NODE']);
  return named !== undefined || kubeconfigFiles(flags, env).length > 0 || (await files.mayUse(socketPath(env)));
}

/**
 * A context of that name, of the kubeconfig or of a paired device; else the local daemon or the kubeconfig's own device, which
 * must then show that its node has that name.
 */
async function namedNode(
  node: string,
  files: readonly string[],
  onlyFiles: boolean,
  around: TargetSurroundings,
): Promise<Target> {
  try {
    if (files.length > 0) return await fromKubeconfig(files, node, around);
  } catch (error) {
    if (!isStatusError(error, 'NotFound')) throw error;
  }
  const devices = onlyFiles ? undefined : await pairedDevices(around)();
  if (devices?.contextNames.includes(node)) return await pairedTarget(devices, node);
  const socket = socketPath(around.env);
  if (!onlyFiles && (await around.files.mayUse(socket))) {
    return { ...localDaemon(socket), verify: { version: false, node } };
  }
  if (files.length > 0) {
    return { ...(await fromKubeconfig(files, undefined, around)), verify: { version: true, node } };
  }
  const known = devices === undefined || devices.contextNames.length === 0 ? 'none' : devices.contextNames.join(', ');
  throw new UsageError(
    `no device named "${node}" found: it is not among the paired devices (${known}), and no eliotd runs here (${socket})`,
    'pair with it:            eli pair NAME|ADDRESS CODE   (the code: "eliotd pair" on the device)\n' +
      'or name its kubeconfig:  eli --kubeconfig FILE …',
  );
}

async function fromKubeconfig(
  paths: readonly string[],
  context: string | undefined,
  around: TargetSurroundings,
): Promise<Target> {
  const { loadKubeconfig } = await import('../client/kubeconfig.ts');
  return overTls(await loadKubeconfig({ paths, context, readFile: (path) => around.files.readFile(path) }));
}

/** Reads the file of paired devices when it is asked for; undefined when there is none. */
function pairedDevices({ env, files }: TargetSurroundings): () => Promise<Kubeconfig | undefined> {
  return async () => {
    const path = devicesPath(env);
    if (path === undefined || (await files.kindOf(path)) === 'missing') return undefined;
    const { openKubeconfig } = await import('../client/kubeconfig.ts');
    return await openKubeconfig({ paths: [path], readFile: (file) => files.readFile(file) });
  };
}

/** The one there is, else the one that was chosen for good, else the one that is here. */
async function onlyDevice(devices: Kubeconfig, around: TargetSurroundings, signal: AbortSignal): Promise<Target> {
  const { contextNames, currentContext } = devices;
  const [only] = contextNames.length === 1 ? contextNames : [];
  const name = only ?? contextNames.find((candidate) => candidate === currentContext);
  if (name !== undefined) return await pairedTarget(devices, name);
  const { findPaired } = await import('./devices/find-paired.ts');
  const { authorityFingerprint } = await import('./devices/paired-devices.ts');
  const all = await Promise.all(contextNames.map((candidate) => devices.target(candidate)));
  const wanted = all.map(({ contextName, transport: { ca } }) => ({
    name: contextName,
    fingerprint: ca === undefined ? undefined : authorityFingerprint(String(ca)),
  }));
  const [here, ...others] = await findPaired(wanted, around, signal);
  if (here !== undefined && others.length === 0) return await pairedTarget(devices, here.name);
  throw new UsageError(
    `several devices are paired and none is chosen: ${contextNames.join(', ')}`,
    `for this command:  eli --node ${contextNames[0]} …\nfor good:          eli config use ${contextNames[0]}`,
  );
}

async function pairedTarget(devices: Kubeconfig, name: string): Promise<Target> {
  return { ...overTls(await devices.target(name)), paired: name };
}

function overTls({ transport, namespace }: Pick<Target, 'transport' | 'namespace'>): Target {
  return { transport, namespace, verify: { version: true } };
}

/** Files whose contexts are the devices that are known: those that are named, else that of the paired devices. */
export function kubeconfigPaths(flags: TargetFlags, env: TargetSurroundings['env']): readonly string[] {
  const named = kubeconfigFiles(flags, env);
  const own = devicesPath(env);
  return named.length > 0 || own === undefined ? named : [own];
}

/** The kubeconfig files that the user names; none: the paired devices count. */
export function kubeconfigFiles(flags: TargetFlags, env: TargetSurroundings['env']): readonly string[] {
  if (flags.kubeconfig !== undefined) return [flags.kubeconfig];
  return (nonEmpty(env['KUBECONFIG']) ?? '').split(delimiter).filter((path) => path !== '');
}

function localDaemon(socket: string): Target {
  return { transport: { server: `unix:${socket}` }, namespace: undefined, verify: { version: false } };
}

function socketPath(env: TargetSurroundings['env']): string {
  return join(nonEmpty(env['ELIOT_RUN_DIR']) ?? defaultRunDirectory, 'eliotd.sock');
}

async function noDevice(socket: string, files: FileAccess): Promise<UsageError> {
  if ((await files.kindOf(socket)) === 'socket') {
    return new UsageError(
      `no device found: an eliotd runs here, but you may not use its socket ${socket}`,
      'run the command as root (sudo), or name a kubeconfig:  eli --kubeconfig FILE …',
    );
  }
  return new UsageError(
    `no device found: no --kubeconfig or --node given, KUBECONFIG is not set, no eliotd runs here (${socket}), and none is paired`,
    'pair with one:    eli pair NAME|ADDRESS CODE   (the code: "eliotd pair" on the device)\n' +
      'or name yours:    eli --kubeconfig FILE …      (eliotd makes the file: DATA-DIR/admin.kubeconfig)\n' +
      'or start one:     eliotd',
  );
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
