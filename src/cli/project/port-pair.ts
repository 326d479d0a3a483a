/** Ports as they are written for a session: `8080`, or `LOCAL:PORT`. Pure. */
import { UsageError } from '../usage-error.ts';

/** A port of the program, and where it is found on this machine. */
export interface PortPair {
  /** Of this machine; undefined: the same as that of the container, or any when that is taken. */
  readonly local: number | undefined;
  readonly remote: number;
}

/**
 * @param subject begins messages: `invalid --port "x"`, or the place of a field
 * @throws UsageError
 */
export function parsePortPair(text: string, subject: string): PortPair {
  const [, local, remote] = /^(?:(\d{1,5}):)?(\d{1,5})(?:\/tcp)?$/.exec(text) ?? [];
  const pair = { local: local === undefined ? undefined : Number(local), remote: Number(remote) };
  const isPort = (port: number): boolean => port >= 1 && port <= 65_535;
  if (remote === undefined || !isPort(pair.remote) || !(pair.local === undefined || isPort(pair.local))) {
    throw new UsageError(subject, 'written as PORT or LOCAL:PORT, for example 8080 or 3000:80; TCP only');
  }
  return pair;
}
