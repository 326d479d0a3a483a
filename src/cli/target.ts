/**
 * Chooses the device a command works on (design section 4), in this order: --kubeconfig / --node,
 * ELI_NODE, KUBECONFIG, the local daemon's socket. `~/.kube/config` is never read: what stands
 * there is usually somebody's cluster.
 */
import { delimiter, join } from 'node:path';
import type { TransportOptions } from '../client/transport.ts';
import { isStatusError } from '../lib/status-error.ts';
import type { FileAccess } from './io.ts';
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
}

export interface TargetSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: FileAccess;
}

const defaultRunDirectory = '/run/eliot';

/**
 * The device that flags and environment name.
 *
 * @throws UsageError that says what was looked at and what to do, StatusError for a bad kubeconfig
 */
export async function chooseTarget(flags: TargetFlags, around: TargetSurroundings): Promise<Target> {
  const node = flags.node ?? nonEmpty(around.env['ELI_NODE']);
  const files = kubeconfigFiles(flags, around.env);
  if (node !== undefined) return await namedNode(node, files, flags.kubeconfig !== undefined, around);
  if (files.length > 0) return await fromKubeconfig(files, flags.context, around);
  if (flags.context !== undefined) {
    throw new UsageError('--context needs a kubeconfig', 'name its file with --kubeconfig or KUBECONFIG');
  }
  const socket = socketPath(around.env);
  if (await around.files.mayUse(socket)) return localDaemon(socket);
  throw await noDevice(socket, around.files);
}

/**
 * A context of that name; else the local daemon or the kubeconfig's own device, which must then show that its
 * node has that name.
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
  const socket = socketPath(around.env);
  if (!onlyFiles && (await around.files.mayUse(socket))) {
    return { ...localDaemon(socket), verify: { version: false, node } };
  }
  if (files.length > 0) {
    return { ...(await fromKubeconfig(files, undefined, around)), verify: { version: true, node } };
  }
  throw new UsageError(
    `no device named "${node}" found: there is no kubeconfig to look in, and no eliotd runs here (${socket})`,
    `give its kubeconfig:  eli --kubeconfig FILE …`,
  );
}

async function fromKubeconfig(
  paths: readonly string[],
  context: string | undefined,
  around: TargetSurroundings,
): Promise<Target> {
  const { loadKubeconfig } = await import('../client/kubeconfig.ts');
  const { transport, namespace } = await loadKubeconfig({
    paths,
    context,
    readFile: (path) => around.files.readFile(path),
  });
  return { transport, namespace, verify: { version: true } };
}

function kubeconfigFiles(flags: TargetFlags, env: TargetSurroundings['env']): readonly string[] {
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
    `no device found: no --kubeconfig or --node given, KUBECONFIG is not set, and no eliotd runs here (${socket})`,
    'start one:      eliotd\nor name yours:  eli --kubeconfig FILE …   (eliotd makes the file: DATA-DIR/admin.kubeconfig)',
  );
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
