import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { issueCertificates } from '../agent/pki/issue-certificates.ts';
import { openPki, type Pki } from '../agent/pki/pki.ts';
import { Transport, type TransportOptions } from './transport.ts';
import { openWebSocket } from './web-socket.ts';

const text = 'words that anybody can read';

describe('what is sent over a WebSocket', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-web-socket-'));
  let pki: Pki;
  before(async () => {
    const names = { nodeName: 'pi', dnsNames: ['localhost'], ips: ['127.0.0.1'] };
    pki = await openPki({ dataDir: directory, ...names, issue: issueCertificates }, AbortSignal.timeout(30_000));
  });
  after(() => rmSync(directory, { recursive: true }));

  /** The bytes of one message, as a server finds them in what has come to it. */
  async function sentTo(server: Server, listenAt: string | undefined, options: Partial<TransportOptions>) {
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(key).digest('base64');
      const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
      socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
      let came = Buffer.alloc(0);
      socket
        .on('error', () => {})
        .on('data', (bytes: Buffer) => {
          came = Buffer.concat([came, bytes]);
          if (came.length >= text.length + 6) resolve(came);
        });
    });
    server.listen(listenAt ?? { port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const scheme = 'ca' in options ? 'https' : 'http';
    const transport = new Transport({
      server: listenAt === undefined ? `${scheme}://127.0.0.1:${port}` : `unix:${listenAt}`,
      ...options,
    });
    const webSocket = openWebSocket(transport, '/', []);
    try {
      await once(webSocket, 'open');
      webSocket.send(text);
      return await promise;
    } finally {
      webSocket.terminate();
      transport.close();
      server.close();
    }
  }

  it('is not masked where nobody reads along: over TLS, and through the local socket', async () => {
    const overTls = await sentTo(createHttpsServer({ ...pki.server }), undefined, { ca: pki.ca.cert });
    assert.ok(overTls.includes(text));
    const throughSocket = await sentTo(createServer(), join(directory, 'socket'), {});
    assert.ok(throughSocket.includes(text));
  });

  it('is masked where a proxy could read along', async () => {
    const inTheOpen = await sentTo(createServer(), undefined, {});
    assert.ok(!inTheOpen.includes(text));
  });
});
