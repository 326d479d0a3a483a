/** `eli pair`: makes this machine known to a device, and the device to this machine. */
import { hostname } from 'node:os';
import { readCode } from '../../api/pairing/code.ts';
import { problemOfPersonName } from '../../api/pairing/person-name.ts';
import { RestClient } from '../../client/rest-client.ts';
import { Transport } from '../../client/transport.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { chooseName } from '../devices/choose-name.ts';
import { contextsOf, type DeviceCredentials, putDevice, useContext } from '../devices/kubeconfig-document.ts';
import { type DevicesFile, noteOtherKubeconfig, openDevices } from '../devices/open-devices.ts';
import { authorityFingerprint } from '../devices/paired-devices.ts';
import { findDevice } from '../pairing/find-device.ts';
import { ownName } from '../pairing/own-name.ts';
import { NotTheDevice, type Paired, pairWith } from '../pairing/pair-with.ts';
import { UsageError } from '../usage-error.ts';

export interface PairFlags {
  readonly name?: string;
}

/** A name that stands in every server certificate of eliotd, whatever address and name the device has by then. */
const tlsServerName = 'kubernetes';

/** Pairs with the device and adds it to the file of paired devices. */
export async function runPair(
  device: string,
  typedCode: string,
  flags: PairFlags,
  context: CommandContext,
): Promise<number> {
  const { io, signal, terminal } = context;
  const code = readCode(typedCode);
  if (code === undefined) {
    throw new UsageError(
      `"${typedCode}" is no pairing code`,
      'it looks like k7m4-x2qp; "eliotd pair" on the device shows one',
    );
  }
  const name = flags.name ?? ownName(io.env, hostname());
  const problem = problemOfPersonName(name);
  if (problem !== undefined) throw new UsageError(`"${name}" cannot be your name: it ${problem}`);
  const file = openDevices(context);
  // A code works once: that its fruit can be kept is known before it is used.
  await file.change((document) => document);
  const server = await terminal.during(`looking for ${device}`, () => findDevice(device, io, signal));
  const paired = await terminal.during(`pairing with ${device}`, () =>
    pairWith(server, code, name, signal).catch((error) => explain(error, server)),
  );
  terminal.say('done', `paired with ${paired.nodeName} at ${server} as ${paired.name} (${paired.groups.join(', ')})`);
  // Before anything else can fail: the code is used up, and the device knows this certificate.
  const kept = await keep(file, server, paired, context);
  await terminal.during(`trying the way into ${paired.nodeName}`, () =>
    checkWayIn(server, paired, signal).catch((error) => explainCheck(error, server, kept, context)),
  );
  hintNext(file, kept, context);
  return 0;
}

interface Kept {
  /** Of the context. */
  readonly name: string;
  readonly isOnlyContext: boolean;
  /** Set when the device's own name is that of another context, and it was not known under this one. */
  readonly namesake: string | undefined;
}

async function keep(file: DevicesFile, server: string, paired: Paired, context: CommandContext): Promise<Kept> {
  const { nodeName, authority, certificate, key } = paired;
  const credentials: DeviceCredentials = {
    server,
    caCert: authority,
    tlsServerName,
    clientCert: certificate,
    clientKey: key,
  };
  let chosen = { name: nodeName, replaces: false };
  const document = await file.change((present) => {
    chosen = chooseName(present, nodeName, authorityFingerprint(authority) ?? '');
    return useContext(putDevice(present, chosen.name, credentials), chosen.name);
  });
  const { name, replaces } = chosen;
  const why = name === nodeName ? '' : `, because "${nodeName}" is another device`;
  await context.print(`Context "${name}" ${replaces ? 'replaced' : 'added'} in ${file.path}${why}.\n`);
  return {
    name,
    isOnlyContext: contextsOf(document).length === 1,
    namesake: name !== nodeName && !replaces ? nodeName : undefined,
  };
}

function hintNext(file: DevicesFile, { name, isOnlyContext, namesake }: Kept, context: CommandContext): void {
  if (namesake !== undefined) {
    const again = `eli config delete-context ${namesake} && eli config rename-context ${name} ${namesake}`;
    context.hint(`  if "${namesake}" is this device before it was set up anew:\n    ${again}`);
  }
  const others = isOnlyContext ? '' : '   ("eli config use" chooses another device)';
  context.hint(`  eli get nodes${others}\n  kubectl --kubeconfig ${file.path} get pods -A`);
  noteOtherKubeconfig(context);
}

/** Whether the certificate opens the door. */
async function checkWayIn(server: string, { authority, certificate, key }: Paired, signal: AbortSignal): Promise<void> {
  const transport = new Transport({ server, ca: authority, cert: certificate, key, serverName: tlsServerName });
  try {
    await new RestClient({ transport }).json({ path: '/version', signal });
  } finally {
    transport.close();
  }
}

/**
 * Says what it means that the certificate could not be tried, and that it is kept.
 *
 * @throws UsageError when the device does not take it
 */
function explainCheck(error: unknown, server: string, { name }: Kept, context: CommandContext): void {
  if (context.signal.aborted || !isStatusError(error)) throw error;
  if (error.reason === 'Unauthorized' || error.reason === 'Forbidden') {
    throw new UsageError(
      `${server} refuses the certificate that it gave: ${error.message}`,
      `it is kept as context "${name}": try it with "eli get nodes", or pair again; ${newCode}`,
      { cause: error },
    );
  }
  context.note(
    `Warning: ${error.message}\n` +
      `  the certificate is kept as context "${name}", but could not be tried; "eli get nodes" will show whether it is good`,
  );
}

const newCode = '"eliotd pair" on the device shows a new one';

function explain(error: unknown, server: string): never {
  if (error instanceof NotTheDevice) {
    throw new UsageError(
      `${server} is not the device that showed the code: ${error.message}`,
      'somebody may stand between; pair on a network that you trust, and with a new code',
      { cause: error },
    );
  }
  if (isStatusError(error, 'Unauthorized'))
    throw new UsageError(`${server}: ${error.message}`, newCode, { cause: error });
  throw error;
}
