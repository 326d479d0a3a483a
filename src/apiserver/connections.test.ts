import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { eliotProtocol } from '../api/eliot-protocol.ts';
import { TestApi } from '../testing/api-server.ts';

const strangerTo = (port: number) => ({ host: '127.0.0.1', port, rejectUnauthorized: false });

describe('connections', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  it('of strangers end with their answer, so that they cannot fill the table', async () => {
    for (const path of ['/livez', '/readyz', '/version']) {
      assert.equal(
        (await api.get(path, { as: 'stranger', headers: { connection: 'keep-alive' } })).headers.connection,
        'close',
      );
    }
    const known = await api.get('/version', { as: 'viewer', headers: { connection: 'keep-alive' } });
    assert.equal(known.headers.connection, 'keep-alive');
  });

  for (const { who, offers, chosen } of [
    { who: 'eli', offers: ['http/1.1', eliotProtocol], chosen: eliotProtocol },
    { who: 'kubectl', offers: ['h2', 'http/1.1'], chosen: 'http/1.1' },
    { who: 'a client that offers nothing', offers: [], chosen: false },
  ]) {
    it(`of ${who} speak HTTP/1.1, and say that this is Eliot when they may`, async () => {
      const socket = connectTls({ ...strangerTo(api.port), ALPNProtocols: offers });
      await once(socket, 'secureConnect');
      assert.equal(socket.alpnProtocol, chosen);
      socket.end('GET /livez HTTP/1.1\r\nhost: device\r\n\r\n');
      assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 OK/);
    });
  }

  it('of one address are bounded, so that a pod cannot lock the others out', async () => {
    const open = async (localAddress: string): Promise<Socket> => {
      const socket = connect({ host: '127.0.0.1', port: api.port, localAddress });
      await once(socket, 'connect');
      return socket;
    };
    const sockets = await Promise.all(Array.from({ length: 250 }, () => open('127.0.0.1')));
    try {
      const oneMore = await open('127.0.0.1');
      await once(
        oneMore.on('error', () => {}),
        'close',
      );
      const other = connectTls({ ...strangerTo(api.port), socket: await open('127.0.0.2') });
      await once(other, 'secureConnect');
      other.destroy();
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    const again = await open('127.0.0.1');
    again.destroy();
  });

  it('of clients that vanished are found by the kernel, also when nothing is to be sent', async () => {
    const socket = connectTls(strangerTo(api.port));
    await once(socket, 'secureConnect');
    const local = `:${api.port.toString(16).toUpperCase().padStart(4, '0')}`;
    const established = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, address = '', , state]) => address.endsWith(local) && state === '01');
    socket.destroy();
    // proc(5): timer 02 is the one for keep-alive.
    assert.deepEqual(
      established.map(([, , , , , timer = '']) => timer.slice(0, 2)),
      ['02'],
    );
  });
});
