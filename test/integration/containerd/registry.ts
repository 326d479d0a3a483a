/** A registry on loopback in fifty lines, that can be slow, mute or closed. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf, type Files } from './archives.ts';

export interface Registry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Paths asked for, in order. */
  readonly requests: string[];
  /** Blobs stop half-way, and nothing more is sent, while this is true. */
  isMute: boolean;
  /** `Basic …` that every request must carry; undefined lets everybody in. */
  credentials: string | undefined;
  close(): Promise<void>;
}

/** Serves an OCI layout under every repository and tag. */
export async function serveRegistry(layout: Files): Promise<Registry> {
  const index = JSON.parse(String(layout.get('index.json')));
  const [{ digest: manifestDigest, mediaType }] = index.manifests;
  const blobs = new Map([...layout.values()].map((data) => [digestOf(data), data]));

  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    registry.requests.push(`${request.method} ${request.url}`);
    if (registry.credentials !== undefined && request.headers.authorization !== registry.credentials) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const [, kind, reference = ''] = /\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const digest = kind === 'manifests' && !reference.startsWith('sha256:') ? manifestDigest : reference;
    const data = blobs.get(digest);
    if (kind === undefined) response.end('{}');
    else if (data === undefined || reference === 'missing') response.writeHead(404).end('{"errors":[]}');
    else {
      const type = digest === manifestDigest ? mediaType : 'application/octet-stream';
      response.writeHead(200, {
        'content-type': type,
        'content-length': data.length,
        'docker-content-digest': digest,
      });
      if (request.method === 'HEAD') response.end();
      else if (registry.isMute && kind === 'blobs') response.write(data.subarray(0, data.length / 2));
      else response.end(data);
    }
  };
  const server = createServer(respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const registry: Registry = {
    host: `127.0.0.1:${port}`,
    requests: [],
    isMute: false,
    credentials: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return registry;
}
