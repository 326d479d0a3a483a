/** Somebody on the network whom the device does not know: one TLS connection without a certificate. */
import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';

export interface StrangersAnswer {
  readonly code: number;
  readonly body: string;
}

export class Stranger {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  readonly #port: number;

  /** @param port of a device on this machine */
  constructor(port: number) {
    this.#port = port;
  }

  get(path: string): Promise<StrangersAnswer> {
    return this.#send({ method: 'GET', path });
  }

  /** Rejects when the device ends the connection instead of answering. */
  post(path: string, body: string): Promise<StrangersAnswer> {
    return this.#send({ method: 'POST', path, headers: { 'content-type': 'application/json' } }, body);
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(options: RequestOptions, body?: string): Promise<StrangersAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<StrangersAnswer>();
    const sent = request({ ...options, host: '127.0.0.1', port: this.#port, agent: this.#agent });
    sent.on('error', reject);
    sent.on('response', (response) => {
      text(response).then((read) => resolve({ code: response.statusCode ?? 0, body: read }), reject);
    });
    sent.end(body);
    return promise;
  }
}
