/** Joins the announcing of the device with the machine and the rest of the agent. Decides nothing. */
import { randomInt } from 'node:crypto';
import { readInterfaces } from '../../host/addresses.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { encodeDeviceText } from '../../lib/mdns/eliot-service.ts';
import { MulticastSockets } from '../../lib/mdns/multicast-sockets.ts';
import { version } from '../../lib/version.ts';
import { isPodInterface } from '../device-addresses.ts';
import { fingerprintOf } from '../pki/issued-clients.ts';
import { announcedLinks } from './announced-links.ts';
import { Announcer } from './announcer.ts';
import { type Duplicate, DuplicateIdentity } from './duplicate-identity.ts';

export interface AnnounceDeviceDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the API listens. */
  readonly listen: { readonly address: string; readonly port: number };
  readonly settings: {
    readonly nodeName: string;
    /** Name of the pods' bridge. */
    readonly bridge: string;
  };
  /** PEM. */
  readonly caCertificate: string;
  /** Whether anybody has paired with the device. */
  readonly isPaired: () => boolean;
  /** Told which other devices announce our identity, when there are others than before. */
  readonly onDuplicates: (duplicates: readonly Duplicate[]) => void;
}

/** So much of the fingerprint makes the name of the host: two devices of one LAN do not share it by chance. */
const hostDigits = 12;

/** Until `signal` aborts; never fails. */
export function announceDevice(deps: AnnounceDeviceDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, listen, settings, isPaired } = deps;
  const { nodeName: node, bridge } = settings;
  const fingerprint = fingerprintOf(deps.caCertificate);
  // Not the machine's own name: a DNS-SD daemon beside us may announce that, with more addresses than ours.
  const host = `eliot-${fingerprint.slice(0, hostDigits)}`;
  const announcer = new Announcer({
    clock,
    log,
    random: () => randomInt(1_000_000) / 1_000_000,
    readLinks: () => announcedLinks(readInterfaces(), listen.address, (name) => isPodInterface(name, bridge)),
    openSockets: (options) => new MulticastSockets(options),
    service: { name: node, host, port: listen.port },
    listener: new DuplicateIdentity(host, deps.onDuplicates),
    text: () => encodeDeviceText({ version, node, fingerprint, isPaired: isPaired() }),
  });
  return announcer.run(signal);
}
