/** Decides on which links a device announces itself, and with which addresses: those it can be reached at. Pure. */
import { type Interfaces, type Link, type LinkAddress, linksOf } from '../../lib/mdns/links.ts';

/**
 * Listening at every address, all interfaces of the device; at one, the interface that has it. The loopback counts only
 * when it is what is listened at: who announces it elsewhere sends others to themselves.
 *
 * @param host address that the API listens at
 * @param isPodInterface bridges of pods and their ends: what is there is no LAN
 */
export function announcedLinks(
  interfaces: Interfaces,
  host: string,
  isPodInterface: (name: string) => boolean,
): readonly Link[] {
  const isHeard = ({ address, family }: LinkAddress): boolean => {
    if (host === '0.0.0.0') return family === 'IPv4';
    return host === '::' || address === host;
  };
  const everywhere = host === '0.0.0.0' || host === '::';
  return linksOf(interfaces, (name, isLoopback) => !isPodInterface(name) && !(everywhere && isLoopback)).flatMap(
    (link) => {
      const addresses = link.addresses.filter(isHeard);
      return addresses.length > 0 ? [{ ...link, addresses }] : [];
    },
  );
}
