/** Reads `8080:80`, `80`, `:80` and `8080:http`, and which addresses `--address` means. Pure; complaints are kubectl's. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { isIpAddress } from '../../client/local-port.ts';
import { UsageError } from '../usage-error.ts';

export interface PortMapping {
  /** 0: any that is free. */
  readonly local: number;
  readonly remote: number;
}

/**
 * The ports of `text`; a name is that of a container's port.
 *
 * @throws UsageError when it cannot be read, or the pod has no such port
 */
export function parsePortMapping(text: string, pod: Pod): PortMapping {
  const parts = text.split(':');
  const [first = '', second] = parts;
  if (parts.length > 2)
    throw new UsageError(`invalid port format '${text}'`, 'for example: 8080:80, 80, :80, 8080:http');
  const remoteText = second ?? first;
  if (remoteText === '')
    throw new UsageError('remote port cannot be empty', 'for example: 8080:80, 80, :80, 8080:http');
  const remote = remotePort(remoteText, pod);
  if (remote === 0) throw new UsageError('remote port must be > 0');
  // kubectl forwards a name to the same number here.
  const local = second === undefined ? remote : first === '' ? 0 : portNumber(first, 'local');
  return { local, remote };
}

function remotePort(text: string, pod: Pod): number {
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  const named = ports.find(({ name }) => name === text);
  const port = /^[+-]?\d+$/.test(text) ? portNumber(text, 'remote') : named?.containerPort;
  if (port === undefined) {
    throw new UsageError(`Pod '${pod.metadata.name}' does not have a named port '${text}'`, namedPorts(ports));
  }
  const protocols = ports
    .filter(({ containerPort }) => containerPort === port)
    .map(({ protocol }) => protocol ?? 'TCP');
  if (protocols.includes('UDP') && !protocols.includes('TCP')) {
    throw new UsageError(`UDP protocol is not supported for ${text}`);
  }
  return port;
}

function namedPorts(ports: readonly { readonly name?: string }[]): string {
  const names = ports.flatMap(({ name }) => name ?? []);
  return names.length === 0 ? 'it has no named ports; give the number' : `its named ports: ${names.join(', ')}`;
}

function portNumber(text: string, which: 'local' | 'remote'): number {
  if (!/^\d+$/.test(text)) {
    throw new UsageError(`error parsing ${which} port '${text}': strconv.ParseUint: parsing "${text}": invalid syntax`);
  }
  const port = Number(text);
  if (port > 65_535) {
    throw new UsageError(
      `error parsing ${which} port '${text}': strconv.ParseUint: parsing "${text}": value out of range`,
    );
  }
  return port;
}

export interface ListenAddress {
  readonly address: string;
  /** One of several that mean the same: it is enough when one of them works. */
  readonly isOptional: boolean;
}

/**
 * The addresses to listen on, in order; `localhost` is both of its addresses.
 *
 * @throws UsageError for what is neither `localhost` nor an IP address
 */
export function parseAddresses(texts: readonly string[]): readonly ListenAddress[] {
  const found = new Map<string, ListenAddress>();
  for (const text of texts.flatMap((list) => list.split(','))) {
    if (text !== 'localhost' && !isIpAddress(text)) throw new UsageError(`${text} is not a valid IP`);
    const isOptional = text === 'localhost';
    const addresses = isOptional ? ['127.0.0.1', '::1'] : [text];
    for (const address of addresses) {
      if (!isOptional || !found.has(address)) found.set(address, { address, isOptional });
    }
  }
  return [...found.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
}
