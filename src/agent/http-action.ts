/** The request that an `httpGet` of a probe or a hook stands for. Pure. */
import type { Container, Probe } from '../api/kinds/pod/types.ts';
import { hostPort } from '../lib/host-port.ts';
import { containerPort } from './container-port.ts';

export type HttpAction = NonNullable<Probe['httpGet']>;

export interface HttpRequest {
  /** With its port, as messages name it. */
  readonly url: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly userAgent: string;
}

/** @throws Error when the port is a name that no port of the container has, or the host is none */
export function httpRequest(action: HttpAction, container: Container, podIP: string, userAgent: string): HttpRequest {
  const scheme = action.scheme === 'HTTPS' ? 'https' : 'http';
  const server = `${scheme}://${hostPort(action.host || podIP, containerPort(action.port, container))}`;
  const path = action.path || '/';
  // What is no path of a URL is quoted, as Go does.
  const { pathname, search } = new URL(`${server}${path.startsWith('/') ? '' : '/'}${path}`);
  const headers = (action.httpHeaders ?? []).map(({ name, value = '' }) => ({ name, value }));
  return { url: `${server}${pathname}${search}`, headers, userAgent };
}
