/**
 * One HTTP GET as Kubernetes' probes and hooks make it: no proxy, a connection of its own, certificates not
 * verified, redirects followed on the same host only (kubelet, pkg/probe/http).
 */

import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { hostPort } from '../../lib/host-port.ts';
import { networkErrorText } from './network-error.ts';

export interface HttpGet {
  /** `http:` or `https:`; messages name it as it stands here. */
  readonly url: string;
  /** Names as written; one that is named twice is sent twice. `Host` is the host asked for. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly userAgent: string;
}

export type HttpAnswer =
  /** `body`: its first 10 KiB. */
  | { readonly kind: 'Answer'; readonly status: number; readonly body: string }
  /** No answer; `message` begins with `Get "URL": `. `isPlainHttp`: the server speaks HTTP, not HTTPS. */
  | { readonly kind: 'Failed'; readonly message: string; readonly isPlainHttp: boolean };

const maxBodyBytes = 10 * 1024;
const maxRedirects = 10;

/** @throws the signal's reason */
export async function httpGet(get: HttpGet, signal: AbortSignal): Promise<HttpAnswer> {
  let url = new URL(get.url);
  let name = get.url;
  for (let redirects = 0; ; redirects++) {
    const answer = await getOnce(url, name, get, signal);
    if (answer.kind === 'Failed') return answer;
    const next = redirectOf(answer, url);
    // To another host: the answer is the redirect itself.
    if (next === undefined || next.hostname !== url.hostname) return answer;
    if (redirects >= maxRedirects - 1) {
      return { kind: 'Failed', message: `Get "${next.href}": stopped after 10 redirects`, isPlainHttp: false };
    }
    url = next;
    name = next.href;
  }
}

type Answer = Extract<HttpAnswer, { readonly kind: 'Answer' }> & { readonly location: string | undefined };

async function getOnce(
  url: URL,
  name: string,
  { headers, userAgent }: HttpGet,
  signal: AbortSignal,
): Promise<Answer | Extract<HttpAnswer, { readonly kind: 'Failed' }>> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  let request: ReturnType<typeof requestHttp> | undefined;
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    request = send(url, { agent: false, rejectUnauthorized: false, headers: toHeaders(headers, userAgent) });
    request.once('response', resolve);
    request.on('error', reject);
    request.end();
    const response = await promise;
    return {
      kind: 'Answer',
      status: response.statusCode ?? 0,
      location: response.headers.location,
      body: await readStart(response, signal),
    };
  } catch (error) {
    signal.throwIfAborted();
    const address = hostPort(
      url.hostname.replace(/^\[|\]$/g, ''),
      Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    );
    const isPlainHttp = (error as NodeJS.ErrnoException).code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || isNoTls(error);
    const text = isPlainHttp ? 'http: server gave HTTP response to HTTPS client' : networkErrorText(error, address);
    return { kind: 'Failed', message: `Get "${name}": ${text}`, isPlainHttp };
  } finally {
    signal.removeEventListener('abort', onAbort);
    request?.destroy();
  }
}

/** OpenSSL was answered in something that is no TLS. */
function isNoTls(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_HTTP_REQUEST' || code === 'EPROTO';
}

/** The kubelet's own headers unless the user sets them; an empty value leaves one out. */
function toHeaders(headers: HttpGet['headers'], userAgent: string): Record<string, string | string[]> {
  const all = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const known = all.get(key);
    if (known) known.values.push(value);
    else all.set(key, { name, values: [value] });
  }
  for (const [name, value] of [
    ['User-Agent', userAgent],
    ['Accept', '*/*'],
  ] as const) {
    const key = name.toLowerCase();
    if (all.get(key)?.values[0] === '') all.delete(key);
    else if (!all.has(key)) all.set(key, { name, values: [value] });
  }
  const sent = [...all.values()].map(({ name, values }) => [
    name,
    name.toLowerCase() === 'host' || values.length === 1 ? (values[0] ?? '') : values,
  ]);
  return { ...Object.fromEntries(sent), Connection: 'close' };
}

async function readStart(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onAbort = (): void => void response.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes >= maxBodyBytes) break;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString();
}

function redirectOf({ status, location }: Answer, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  return URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}
