import type { Container } from '../api/kinds/pod/types.ts';

/**
 * The number of a port that is given as one or by the name of a port of the container.
 *
 * @throws Error in the kubelet's words when no port of the container has that name
 */
export function containerPort(port: number | string, container: Container): number {
  if (typeof port === 'number') return checked(port);
  const named = (container.ports ?? []).find(({ name }) => name === port);
  if (named?.containerPort !== undefined) return checked(named.containerPort);
  // A name that is a number, as the kubelet falls back to.
  if (!/^\d+$/.test(port)) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`);
  return checked(Number(port));
}

function checked(port: number): number {
  if (port <= 0 || port > 65_535) throw new Error(`invalid port number: ${port}`);
  return port;
}
