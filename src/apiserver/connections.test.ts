import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { eliotProtocol } from '../api/eliot-protocol.ts';
import { serviceAccounts } from '../api/resources.ts';
import { TestApi } from '../testing/api-server.ts';
import { settle, until } from '../testing/settle.ts';

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

  const open = async (localAddress: string): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port: api.port, localAddress }).on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  const openMany = (count: number, localAddress: string): Promise<Socket[]> =>
    Promise.all(Array.from({ length: count }, () => open(localAddress)));
  const openAs = async (who: 'admin' | 'stranger', localAddress: string): Promise<TLSSocket> => {
    const socket = connectTls({ ...(await api.tlsOf(who)), socket: await open(localAddress) }).on('error', () => {});
    await once(socket, 'secureConnect');
    return socket;
  };
  const endOf = async (socket: Socket): Promise<void> => {
    if (!socket.closed) await once(socket, 'close');
  };

  it('of strangers take no place away from those who are known, nor from one who is like them', async () => {
    const known = await openAs('admin', '127.0.0.9');
    const strangers = (await Promise.all([2, 3, 4, 5].map((last) => openMany(249, `127.0.0.${last}`)))).flat();
    // One who is like them, but has one connection only.
    const single = await openAs('stranger', '127.0.0.6');
    assert.equal((await api.get('/version', { as: 'admin' })).code, 200);
    await until(() => strangers.filter((socket) => !socket.closed).length <= 127, 'the end of most strangers');
    assert.ok(!known.closed);
    single.write('GET /livez HTTP/1.1\r\nhost: device\r\n\r\n');
    assert.match(String((await once(single, 'data'))[0]), /^HTTP\/1\.1 200 OK/);
    for (const socket of [known, single, ...strangers]) socket.destroy();
  });

  it('of strangers leave room for those who come in, however many addresses they have', async () => {
    const known = await openAs('admin', '127.0.0.9');
    const addresses = Array.from({ length: 200 }, (_, index) => `127.0.1.${index + 1}`);
    const strangers = await Promise.all(addresses.map((address) => open(address)));
    await until(() => strangers.filter((socket) => !socket.closed).length <= 128, 'the end of most strangers');
    api.clock.advance(1_000);
    (await openAs('admin', '127.0.0.8')).destroy();
    assert.equal((await api.get('/version', { as: 'admin' })).code, 200);
    assert.ok(!known.closed);
    for (const socket of [known, ...strangers]) socket.destroy();
  });

  it('of strangers who say nothing end after seconds, and those of known clients stay', async () => {
    const [known, silent] = await Promise.all([openAs('admin', '127.0.0.1'), openAs('stranger', '127.0.0.1')]);
    const [accepted] = await openMany(1, '127.0.0.1');
    await settle();
    api.clock.advance(9_999);
    await settle();
    assert.deepEqual([known.closed, silent.closed, accepted?.closed], [false, false, false]);
    api.clock.advance(1);
    await Promise.all([silent, accepted].map((socket) => socket && endOf(socket)));
    assert.ok(!known.closed);
    known.destroy();
  });

  it('of a token are known from the first request on', async () => {
    const account = { namespace: 'default', name: 'robot' };
    await api.client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const { json } = await api.post('/api/v1/namespaces/default/serviceaccounts/robot/token', asked);
    const socket = await openAs('stranger', '127.0.0.1');
    const ask = `GET /version HTTP/1.1\r\nhost: device\r\nauthorization: Bearer ${json.status.token}\r\n\r\n`;
    for (let round = 0; round < 2; round++) {
      socket.write(ask);
      assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 200 OK/);
      api.clock.advance(60_000);
      await settle();
    }
    assert.ok(!socket.closed);
    socket.destroy();
  });

  it('of one address are bounded, so that a pod cannot lock the others out', async () => {
    const sockets: TLSSocket[] = [];
    for (let index = 0; index < 250; index++) sockets.push(await openAs('admin', '127.0.0.1'));
    try {
      await endOf(await open('127.0.0.1'));
      (await openAs('admin', '127.0.0.2')).destroy();
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    (await open('127.0.0.1')).destroy();
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
