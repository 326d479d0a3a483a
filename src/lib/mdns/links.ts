/** The networks that a machine is in: what Multicast DNS calls links. */
import type { NetworkInterfaceInfo } from 'node:os';
import { isInCidr } from '../cidr.ts';

export interface LinkAddress {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Address and length of its network: `192.168.1.7/24`. */
  readonly cidr: string;
}

/** An interface that is up and has an IPv4 address, by which the multicast group is reached. */
export interface Link {
  /** Of the interface. */
  readonly name: string;
  /** IPv4 address that messages are sent from. */
  readonly address: string;
  /** Every address, IPv6 ones included but not those of one link only (fe80::). */
  readonly addresses: readonly LinkAddress[];
}

/** More interfaces than this are not used; a socket each. */
const maxLinks = 16;

/** As `os.networkInterfaces()` gives them: only what is up and has a carrier. */
export type Interfaces = NodeJS.Dict<readonly NetworkInterfaceInfo[]>;

/** @param isUsed which interfaces, by name and whether they are the loopback */
export function linksOf(interfaces: Interfaces, isUsed: (name: string, isLoopback: boolean) => boolean): Link[] {
  return Object.entries(interfaces)
    .flatMap(([name, entries = []]) => {
      if (
        !isUsed(
          name,
          entries.some(({ internal }) => internal),
        )
      )
        return [];
      const addresses = entries
        .filter(({ address, cidr }) => cidr !== null && !address.startsWith('fe80:'))
        .map(({ address, family, cidr }) => ({ address, family, cidr: cidr ?? '' }));
      const first = addresses.find(({ family }) => family === 'IPv4');
      return first === undefined ? [] : [{ name, address: first.address, addresses }];
    })
    .slice(0, maxLinks);
}

/** The link that a message came over, by the IPv4 address of its sender; undefined when that is on none of them. */
export function linkOf<L extends Link>(links: Iterable<L>, sender: string): L | undefined {
  let found: L | undefined;
  for (const link of links) {
    // Our own messages come back to us: their address is exactly one link's, though two may be in one network.
    if (link.addresses.some(({ address }) => address === sender)) return link;
    found ??= link.addresses.some(({ family, cidr }) => family === 'IPv4' && isInCidr(sender, cidr)) ? link : undefined;
  }
  return found;
}
