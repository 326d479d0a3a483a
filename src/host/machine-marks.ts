/** By what a machine can be known again: what its system and its hardware say of themselves. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../lib/unless-missing.ts';

export interface MachineMarks {
  /** systemd's /etc/machine-id: a copy of a disk has it too, unless the copy was prepared. */
  readonly machineId?: string;
  /** Of the board: from the device tree, or from DMI. Few machines have neither; virtual ones do. */
  readonly serial?: string;
  /** Addresses of its network cards, sorted; of real ones only. */
  readonly macs: readonly string[];
}

const serialFiles = [
  '/sys/firmware/devicetree/base/serial-number',
  '/sys/class/dmi/id/product_uuid',
  '/sys/class/dmi/id/product_serial',
];
/** What boards say that were never given a number. */
const noSerial =
  /^(0+|f+|none|default string|not specified|unknown|to be filled by o\.?e\.?m\.?|system serial number)$/i;

/** @param root of the machine's file system; others than `/` are for tests */
export async function readMachineMarks(root = '/'): Promise<MachineMarks> {
  const machineId = await readLine(join(root, 'etc/machine-id'));
  const serial = await readSerial(root);
  return {
    ...(machineId ? { machineId } : {}),
    ...(serial === undefined ? {} : { serial }),
    macs: await readMacs(join(root, 'sys/class/net')),
  };
}

async function readSerial(root: string): Promise<string | undefined> {
  for (const path of serialFiles) {
    const serial = await readLine(join(root, path));
    if (serial && !noSerial.test(serial.replaceAll('-', ''))) return serial;
  }
  return undefined;
}

async function readMacs(directory: string): Promise<readonly string[]> {
  const macs = new Set<string>();
  for (const name of (await unlessMissing(readdir(directory))) ?? []) {
    // Bridges and ends of pods have no hardware behind them.
    if ((await unlessMissing(stat(join(directory, name, 'device')))) === undefined) continue;
    const mac = await readLine(join(directory, name, 'address'));
    if (mac && !/^[0:]*$/.test(mac)) macs.add(mac);
  }
  return [...macs].sort();
}

/** Undefined when there is no such file, or it is not for us. */
async function readLine(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  // Strings of a device tree end with a zero byte.
  return text?.replace(/\0.*$/s, '').trim();
}
