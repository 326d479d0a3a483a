/** Ports as docker publishes them. Pure. */
import type { ContainerPort } from '../../api/kinds/pod/types.ts';
import { UsageError } from '../usage-error.ts';

const hint = 'written as [ADDRESS:][PORT-OF-THE-DEVICE:]PORT[/udp], for example 8080:80';

/**
 * Reads `[IP:][hostPort:]containerPort[/protocol]`. A port alone is the same on the device: a device has no range of ports
 * from which it would choose one, as docker does.
 *
 * @throws UsageError
 */
export function parsePort(text: string): ContainerPort {
  const [address = '', protocol = 'tcp', ...more] = text.split('/');
  const match = /^(?:(?:\[([0-9a-f:]+)\]|(\d+(?:\.\d+){3})):)?(?:(\d+):)?(\d+)$/i.exec(address);
  if (match === null || more.length > 0 || !['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase())) {
    throw new UsageError(`invalid --port "${text}"`, hint);
  }
  const [, ipv6, ipv4, hostPort, containerPort] = match;
  const hostIP = ipv6 ?? ipv4;
  const number = portNumber(containerPort ?? '', text);
  return {
    containerPort: number,
    hostPort: hostPort === undefined ? number : portNumber(hostPort, text),
    protocol: protocol.toUpperCase(),
    ...(hostIP === undefined ? {} : { hostIP }),
  } as ContainerPort;
}

function portNumber(digits: string, text: string): number {
  const number = Number(digits);
  if (number >= 1 && number <= 65_535) return number;
  throw new UsageError(`invalid --port "${text}": ${digits} is no port`, hint);
}
