/** The request that an `httpGet` of a probe or a hook stands for. Pure. */
import type { Container, Probe } from '../api/kinds/pod/types.ts';
import { hostPort } from '../lib/host-port.ts';
import { containerPort } from './container-port.ts';

export type HttpAction = NonNullable<Probe['httpGet']>;

export interface HttpRequest {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly userAgent: string;
  /** As messages name it. */
  readonly url: string;
}

/** @throws Error when the port is a name that no port of the container has */
export function httpRequest(action: HttpAction, container: Container, podIP: string, userAgent: string): HttpRequest {
  const scheme = action.scheme === 'HTTPS' ? 'https' : 'http';
  const host = action.host || podIP;
  const port = containerPort(action.port, container);
  const path = action.path || '/';
  const headers = (action.httpHeaders ?? []).map(({ name, value = '' }) => ({ name, value }));
  const url = `${scheme}://${hostPort(host, port)}${path.startsWith('/') ? '' : '/'}${path}`;
  return { scheme, host, port, path, headers, userAgent, url };
}
