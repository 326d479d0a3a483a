/** `eli config use|set|delete-context`: changes of the file of paired devices. */
import { checkDnsLabel } from '../../api/names.ts';
import type { CommandContext } from '../context.ts';
import {
  currentContextOf,
  type KubeconfigDocument,
  removeContext,
  renameContext,
  setNamespace,
  setServer,
  useContext,
} from '../devices/kubeconfig-document.ts';
import { chosenContext, noteOtherKubeconfig, openDevices } from '../devices/open-devices.ts';
import { UsageError } from '../usage-error.ts';

/** Makes a device the one that commands work on. */
export async function runConfigUse(name: string, context: CommandContext): Promise<number> {
  await openDevices(context).change((document) => useContext(document, name));
  await context.print(`Switched to context "${name}".\n`);
  noteOtherKubeconfig(context);
  return 0;
}

/** Changes one property of the chosen device. */
export async function runConfigSet(property: string, value: string, context: CommandContext): Promise<number> {
  const change = changeOf(property, value);
  let name = '';
  await openDevices(context).change((document) => {
    name = chosenContext(context, document);
    return change(document, name);
  });
  await context.print(`Context "${name}" modified.\n`);
  return 0;
}

/** Calls a device otherwise. */
export async function runConfigRename(name: string, as: string, context: CommandContext): Promise<number> {
  const file = openDevices(context);
  await file.change((document) => renameContext(document, { name, as, file: file.path }));
  await context.print(`Context "${name}" renamed to "${as}".\n`);
  return 0;
}

/** Forgets a device. */
export async function runConfigDelete(name: string, context: CommandContext): Promise<number> {
  const file = openDevices(context);
  let wasCurrent = false;
  await file.change((document) => {
    wasCurrent = currentContextOf(document) === name;
    return removeContext(document, name);
  });
  await context.print(`deleted context ${name} from ${file.path}\n`);
  if (wasCurrent) {
    context.note('warning: this removed your active context, use "eli config use" to select a different one');
  }
  return 0;
}

type Change = (document: KubeconfigDocument, context: string) => KubeconfigDocument;

/** @throws UsageError when there is no such property, or the value cannot be one of it */
function changeOf(property: string, value: string): Change {
  switch (property) {
    case 'namespace':
      checkNamespace(value);
      return (document, context) => setNamespace(document, context, value);
    case 'server':
      if (!isServer(value))
        throw new UsageError(`"${value}" is no address of a device`, 'for example: https://192.168.1.7:6443');
      return (document, context) => setServer(document, context, value);
    default:
      throw new UsageError(
        `nothing named "${property}" can be set`,
        'set namespace NAME, or set server https://HOST:PORT',
      );
  }
}

function checkNamespace(value: string): void {
  const [problem] = checkDnsLabel(value);
  if (problem !== undefined) throw new UsageError(`"${value}" cannot be the name of a namespace: ${problem}`);
}

function isServer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search } = new URL(text);
  return protocol === 'https:' && hostname !== '' && pathname === '/' && search === '';
}
