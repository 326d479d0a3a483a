import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { syncProtocol } from '../api/sync/sync-path.ts';
import { createSystemClock } from '../lib/clock.ts';
import { isStatusError } from '../lib/status-error.ts';
import { openSyncStream } from './sync-stream.ts';
import { Transport } from './transport.ts';

/** A WebSocket's frame that closes it, with nothing to say. */
const closeFrame = Buffer.from([0x88, 0x00]);

describe('the stream of a sync session', () => {
  it('fails as a lost connection when it is written to while the device is closing it', async () => {
    const server = createServer();
    const upgraded = Promise.withResolvers<Duplex>();
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(key).digest('base64');
      const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
      const own = [`Sec-WebSocket-Accept: ${accept}`, `Sec-WebSocket-Protocol: ${syncProtocol}`];
      socket.on('error', () => {}).write([...head, ...own, '', ''].join('\r\n'));
      upgraded.resolve(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const transport = new Transport({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const target = { namespace: 'default', pod: 'web', volume: 'code', session: 'a', isResumed: false };
    try {
      const stream = await openSyncStream(
        { transport, clock: createSystemClock() },
        target,
        new AbortController().signal,
      );
      const failure = new Promise<unknown>((resolve) => stream.on('error', resolve));
      const there = await upgraded.promise;
      // It is not ended: the connection stays half-way, as on a link that breaks in that moment.
      there.resume().write(closeFrame);
      while (!stream.destroyed) {
        stream.write('x');
        await delay(1);
      }
      const error = await failure;
      assert.ok(isStatusError(error, 'ServiceUnavailable'), String(error));
      there.destroy();
    } finally {
      transport.close();
      server.close();
    }
  });
});
