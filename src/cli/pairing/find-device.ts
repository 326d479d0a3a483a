/** Where the device is with which somebody wants to pair. */
import { browse } from '../discovery/browse.ts';
import { serverOf } from '../discovery/elsewhere.ts';
import type { CliIo } from '../io.ts';
import { UsageError } from '../usage-error.ts';
import { readDeviceAddress } from './device-address.ts';

/** Names that are listed when the one that was typed is none of them. */
const maxListed = 10;

/**
 * The address that was typed, or that of the one device of that name which answers on the network. What answers proves nothing:
 * the exchange shows whether it is the device.
 *
 * @returns `https://HOST:PORT`
 * @throws UsageError when none answers, or several have the name
 */
export async function findDevice(
  typed: string,
  { lan, clock }: Pick<CliIo, 'lan' | 'clock'>,
  signal: AbortSignal,
): Promise<string> {
  const address = readDeviceAddress(typed);
  if (address.kind === 'address') return address.server;
  if (address.kind === 'nonsense') {
    throw new UsageError(
      `"${typed}" is neither the name nor the address of a device`,
      'for example: kitchen, 192.168.1.7 or 192.168.1.7:6443',
    );
  }
  const name = address.name.toLowerCase();
  // To the end: the second of that name may answer last.
  const found = await browse({ lan, clock, signal, isComplete: () => false });
  const matches = found.filter(({ node, instance }) => node === name || instance === name);
  const [match, ...others] = matches;
  if (match === undefined) {
    const names = found.slice(0, maxListed).map(({ instance }) => instance);
    throw new UsageError(
      `no device named "${address.name}" answers on this network${names.length === 0 ? '' : `; there is: ${names.join(', ')}`}`,
      'give its address, which "eliotd pair" on the device shows:  eli pair ADDRESS CODE',
    );
  }
  if (others.length > 0) {
    const places = matches.map((device) => serverOf(device).replace('https://', ''));
    throw new UsageError(
      `several devices are named "${address.name}": at ${places.join(', ')}`,
      'give the address that "eliotd pair" on yours shows:  eli pair ADDRESS CODE',
    );
  }
  return serverOf(match);
}
