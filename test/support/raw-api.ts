/** The API byte by byte, over the device's unix socket: for what a client library would hide. */
import { request } from 'node:http';
import type { TestDevice } from './device.ts';

export interface RawAnswer {
  readonly code: number;
  readonly contentType: string;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A value is sent as JSON, a string as it is. */
  readonly body?: unknown;
}

/** Sends one request as root and reads the whole answer. */
export function rawApi(
  device: Pick<TestDevice, 'runDir'>,
  path: string,
  { method = 'GET', headers = {}, body }: RawRequest = {},
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const sent = request({
    socketPath: `${device.runDir}/eliotd.sock`,
    method,
    path,
    headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    agent: false,
  });
  sent.on('error', reject);
  sent.on('response', async (response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const contentType = response.headers['content-type'] ?? '';
      resolve({ code: response.statusCode ?? 0, contentType, text, json: parse(text) });
    } catch (error) {
      reject(error);
    }
  });
  sent.end(payload);
  return promise;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
