/** Which kubeconfig `eli config` works on, and how it reads and changes it. */
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { devicesPath } from './devices-path.ts';
import { currentContextOf, type KubeconfigDocument } from './kubeconfig-document.ts';
import { changeKubeconfig, readKubeconfig } from './kubeconfig-store.ts';

export interface DevicesFile {
  readonly path: string;
  /** @throws StatusError BadRequest when it is no kubeconfig */
  read(): Promise<KubeconfigDocument>;
  /** See `changeKubeconfig`. */
  change(change: (document: KubeconfigDocument) => KubeconfigDocument): Promise<KubeconfigDocument>;
}

/**
 * `--kubeconfig` when it is given, else `eli`'s own file of paired devices.
 *
 * @throws UsageError when the user has no home and names no file
 */
export function openDevices({ io, flags, signal }: CommandContext): DevicesFile {
  const path = flags.kubeconfig ?? devicesPath(io.env);
  if (path === undefined) {
    throw new UsageError('HOME is not set: where are the paired devices?', 'name the file with ELI_KUBECONFIG');
  }
  return {
    path,
    read: () => readKubeconfig(path, io.files),
    change: (change) => changeKubeconfig(path, change, io, signal),
  };
}

/**
 * The device that a change is about: `--context` or `--node`, else the current one.
 *
 * @throws UsageError when none is named and none is current
 */
export function chosenContext({ flags, io }: CommandContext, document: KubeconfigDocument): string {
  const name = flags.context ?? flags.node ?? (io.env['ELI_NODE'] || currentContextOf(document));
  if (name === undefined) {
    throw new UsageError('no device is chosen', 'choose one with --context NAME, or for good:  eli config use NAME');
  }
  return name;
}

/** Says it when a choice has no effect now, because the environment names another file. */
export function noteOtherKubeconfig(context: CommandContext): void {
  if (context.flags.kubeconfig !== undefined || !context.io.env['KUBECONFIG']) return;
  context.note('Warning: KUBECONFIG is set, which goes before the paired devices; unset it to use them');
}
