/** A paired device at whatever address it has now. */
import type { TransportOptions } from '../../client/transport.ts';
import { hostPort } from '../../lib/host-port.ts';
import type { FoundDevice } from './found-devices.ts';

/**
 * In the certificate of every device. Its authority signs for nobody else, so that the address need not be in it: a device
 * that has just moved is certified for the new one half a minute later.
 */
const nameOfEveryDevice = 'localhost';

/** The same device, with the same credentials and an authority of its own, at `server`. */
export function elsewhere(paired: TransportOptions, server: string): TransportOptions {
  if (paired.ca === undefined) return { ...paired, server };
  return { ...paired, server, serverName: paired.serverName ?? nameOfEveryDevice };
}

/** Where a device was found, `https://HOST:PORT`. */
export function serverOf({ addresses, port }: FoundDevice): string {
  return `https://${hostPort(addresses[0] ?? '', port)}`;
}
