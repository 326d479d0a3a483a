/** The machine's own names and addresses, as clients may use them. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

export interface HostAddresses {
  /** Addresses of real interfaces: no loopback, no link-local, none of `ignoredInterfaces`. IPv4 first. */
  readonly external: readonly string[];
}

/** @param isIgnored interfaces that are not the device's own, such as bridges of pods and their veths */
export function readHostAddresses(isIgnored: (name: string) => boolean): HostAddresses {
  const external = Object.entries(networkInterfaces())
    .filter(([name]) => !isIgnored(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:') && !address.startsWith('169.254.'))
    // Not localeCompare: it alone loads ICU's locales, 2 MB of the daemon's memory.
    .sort((a, b) => Number(a.family > b.family) - Number(a.family < b.family))
    .map(({ address }) => address);
  return { external: [...new Set(external)] };
}

/** Interfaces that are up and have a carrier, with their addresses. */
export function readInterfaces(): NodeJS.Dict<NetworkInterfaceInfo[]> {
  return networkInterfaces();
}
