/** An HTTP proxy before a registry that counts what is served of each blob, and can stall, cut or damage it. */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class BlobProxy {
  /** Bytes of each blob's content that were sent to the client, by digest. */
  readonly served = new Map<string, number>();
  /** `METHOD path range`, in order. */
  readonly requests: string[] = [];
  /** After so many bytes of one answer nothing more is sent, the connection stays open. */
  stallAfterBytes: number | undefined;
  /** After so many bytes of one answer the connection is reset. */
  resetAfterBytes: number | undefined;
  /** The first byte of every blob is another. */
  damage = false;
  /** Requests are answered with 503. */
  unavailable = false;
  readonly #server = createServer((request, response) => this.#forward(request, response));
  readonly #upstreamPort: number;

  private constructor(upstreamPort: number) {
    this.#upstreamPort = upstreamPort;
  }

  /** @param address the one it listens on */
  static async start(upstreamPort: number, address = '127.0.0.1'): Promise<BlobProxy> {
    const proxy = new BlobProxy(upstreamPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, address, resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `127.0.0.1:PORT`. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Bytes of all blobs sent so far. */
  get servedBytes(): number {
    return [...this.served.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Ends the stalled connections: they were only held. */
  hangUp(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    this.requests.push(`${method} ${url} ${headers.range ?? ''}`.trim());
    if (this.unavailable) {
      response.writeHead(503).end();
      return;
    }
    const digest = /\/blobs\/(sha256:[0-9a-f]{64})/.exec(url)?.[1];
    const upstream = httpRequest({ host: '127.0.0.1', port: this.#upstreamPort, method, path: url, headers });
    upstream.on('error', () => response.destroy());
    upstream.on('response', (answer) => {
      answer.on('error', () => response.destroy());
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (digest === undefined || method !== 'GET') answer.pipe(response);
      else this.#sendBlob(digest, answer, response);
    });
    request.pipe(upstream);
  }

  #sendBlob(digest: string, answer: IncomingMessage, response: ServerResponse): void {
    let sent = 0;
    const count = (bytes: number): void => {
      sent += bytes;
      this.served.set(digest, (this.served.get(digest) ?? 0) + bytes);
    };
    answer.on('data', (chunk: Buffer) => {
      const limit = this.stallAfterBytes ?? this.resetAfterBytes ?? Number.POSITIVE_INFINITY;
      const part = chunk.subarray(0, Math.max(0, limit - sent));
      if (this.damage && sent === 0 && part.length > 0) part[0] = (part[0] ?? 0) ^ 0xff;
      if (part.length > 0) response.write(part);
      count(part.length);
      if (part.length === chunk.length) return;
      answer.destroy();
      if (this.resetAfterBytes !== undefined && this.stallAfterBytes === undefined) {
        // What was written must be on its way before the reset overtakes it.
        response.write('', () => response.socket?.resetAndDestroy());
      }
    });
    answer.on('end', () => response.end());
  }
}
