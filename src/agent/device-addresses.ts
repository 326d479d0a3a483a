/** The device's own addresses, as its pods and its node show them. */
import { readHostAddresses } from '../host/addresses.ts';
import type { Clock } from '../lib/clock.ts';
import { remembered } from '../lib/remembered.ts';

export interface DeviceAddresses {
  /** Addresses by which others reach the device, IPv4 first; empty without a network. */
  readonly external: () => readonly string[];
  /** The same, or the loopback address: never empty. */
  readonly hostIPs: () => readonly string[];
}

/** They are read again after this long, in milliseconds: every status of a pod asks for them. */
const addressesMs = 1_000;

/** @param bridge name of the pods' bridge */
export function createDeviceAddresses(clock: Clock, bridge: string): DeviceAddresses {
  const external = remembered(
    addressesMs,
    clock,
    (): readonly string[] => readHostAddresses((name) => isPodInterface(name, bridge)).external,
  );
  const hostIPs = (): readonly string[] => {
    const found = external();
    return found.length > 0 ? found : ['127.0.0.1'];
  };
  return { external, hostIPs };
}

/**
 * Where a client on the network reaches a server that listens at `host`: `HOST:PORT`, the likeliest first. A server that
 * listens at one address is reached there only.
 *
 * @param external addresses of the device
 */
export function reachableAddresses(host: string, port: number, external: readonly string[]): readonly string[] {
  const hosts = ['0.0.0.0', '::', ''].includes(host) ? external : [host];
  return hosts.map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`));
}

/** Bridges and ends of pods, ours and others': they are no addresses of the device. */
export function isPodInterface(name: string, bridge: string): boolean {
  return name === bridge || /^(veth|docker|br-|cni|virbr|podman|eliot)/.test(name);
}
