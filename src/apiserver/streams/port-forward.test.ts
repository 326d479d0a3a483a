import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createWebSocketStream, WebSocket } from 'ws';
import { silentLogger } from '../../lib/logger.ts';
import { StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { SpdyClient, type SpdyClientStream } from '../../testing/spdy-client.ts';
import { startUpgradeServer, type UpgradeServer } from '../../testing/upgrade-server.ts';
import type { PortForwardHandler } from './forward-connection.ts';
import { spdyDictionary } from './spdy/dictionary.ts';
import { createStreamUpgrader } from './stream-upgrader.ts';

/** An echo server in the pod that ends when its client does. */
const echo: PortForwardHandler = async () => {
  const [ours, theirs] = duplexPair();
  theirs.pipe(theirs);
  return ours;
};

describe('port-forward', () => {
  let server: UpgradeServer;
  let clock: FakeClock;
  let stop: AbortController;
  let handler: PortForwardHandler;
  let sessions: Promise<void>[];
  let connections: Duplex[];
  let cleanUp: (() => void)[];

  beforeEach(async () => {
    clock = new FakeClock();
    stop = new AbortController();
    handler = echo;
    [sessions, connections, cleanUp] = [[], [], []];
    const upgrader = createStreamUpgrader({ clock, log: silentLogger, signal: stop.signal });
    server = await startUpgradeServer((request, socket, head) => {
      const connect: PortForwardHandler = async (port, signal) => {
        const connection = await handler(port, signal);
        connections.push(connection);
        return connection;
      };
      sessions.push(upgrader.portForward(request, socket, head, connect));
    });
  });

  afterEach(async () => {
    for (const end of cleanUp) end();
    await Promise.all(sessions);
    while (connections.some((connection) => !connection.destroyed)) await nextTurn();
    while (clock.sleeping > 0) await nextTurn();
    server.close();
  });

  /** kubectl up to 1.30: SPDY after a POST. */
  async function connectSpdy(): Promise<SpdyClient> {
    const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' };
    const upgraded = await server.upgrade('/portforward', headers);
    assert.ok('socket' in upgraded);
    assert.equal(upgraded.headers['x-stream-protocol-version'], 'portforward.k8s.io');
    cleanUp.push(() => upgraded.socket.destroy());
    return new SpdyClient(upgraded.socket, spdyDictionary);
  }

  /** kubectl from 1.31 on: SPDY inside of WebSocket messages. */
  async function connectTunnel(): Promise<SpdyClient> {
    // The client library refuses this sub-protocol too, as it is no legal token: it goes in as a plain header.
    const headers = { 'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io' };
    const webSocket = new WebSocket(`ws://${server.url}/portforward`, { headers });
    cleanUp.push(() => webSocket.terminate());
    webSocket.once('upgrade', ({ headers }) => {
      assert.equal(headers['sec-websocket-protocol'], 'SPDY/3.1+portforward.k8s.io');
      // Without this `ws` refuses an answer with a sub-protocol that it did not ask for.
      delete headers['sec-websocket-protocol'];
    });
    await once(webSocket, 'open');
    return new SpdyClient(createWebSocketStream(webSocket), spdyDictionary);
  }

  let requests = 0;

  async function open(client: SpdyClient, port: string): Promise<{ data: SpdyClientStream; error: SpdyClientStream }> {
    requests += 1;
    const headers = { port, requestid: String(requests) };
    const error = await client.open({ ...headers, streamtype: 'error' });
    error.end();
    return { error, data: await client.open({ ...headers, streamtype: 'data' }) };
  }

  for (const [name, connect] of [
    ['SPDY', connectSpdy],
    ['SPDY inside WebSocket', connectTunnel],
  ] as const) {
    describe(`over ${name}`, () => {
      it('carries bytes both ways and ends when both sides have', async () => {
        const { data, error } = await open(await connect(), '8080');
        await data.send('hello');
        await data.received.until('hello');
        data.end();
        await Promise.all([data.ended, error.ended]);
        assert.deepEqual([data.received.text, error.received.text], ['hello', '']);
      });

      it('carries eight connections of 1 MB at once', async () => {
        const client = await connect();
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            const { data } = await open(client, '8080');
            const sent = randomBytes(1024 * 1024);
            for (let offset = 0; offset < sent.length; offset += 32_768) {
              await data.send(sent.subarray(offset, offset + 32_768));
            }
            data.end();
            await data.ended;
            assert.ok(data.received.bytes.equals(sent));
          }),
        );
      });

      it('says why a connection could not be made, and takes the next one', async () => {
        const client = await connect();
        handler = async (port) => {
          throw new StatusError('ServiceUnavailable', `connection to ${port} refused`);
        };
        const refused = await open(client, '81');
        await Promise.all([refused.error.ended, refused.data.ended]);
        assert.equal(refused.error.received.text, 'error forwarding port 81 to pod: connection to 81 refused');
        handler = echo;
        const { data } = await open(client, '82');
        await data.send('hello');
        await data.received.until('hello');
      });

      it('ends the connection into the pod when the client has gone', async () => {
        const client = await connect();
        await open(client, '8080');
        while (connections.length === 0) await nextTurn();
        client.close();
        while (!connections[0]?.destroyed) await nextTurn();
      });
    });
  }

  it('says so when a connection is refused after it was handed over', async () => {
    handler = async () => {
      const [ours] = duplexPair();
      setImmediate(() => ours.destroy(new StatusError('ServiceUnavailable', 'connection refused')));
      return ours;
    };
    const { data, error } = await open(await connectSpdy(), '81');
    await error.ended;
    assert.equal(error.received.text, 'error forwarding port 81 to pod: connection refused');
    await data.ended.catch(() => {});
  });

  it('just ends a connection that the pod breaks off', async () => {
    handler = async () => {
      const [ours] = duplexPair();
      setImmediate(() => ours.destroy(new Error('ECONNRESET')));
      return ours;
    };
    const { error } = await open(await connectSpdy(), '81');
    await error.ended;
    assert.equal(error.received.text, '');
  });

  for (const port of ['0', '65536', 'http', '']) {
    it(`refuses ${JSON.stringify(port)} as a port`, async () => {
      const { error } = await open(await connectSpdy(), port);
      await error.ended;
      assert.equal(error.received.text, `unable to parse "${port}" as a port`);
    });
  }

  it('closes the connection into the pod when the client resets its stream', async () => {
    const { data, error } = await open(await connectSpdy(), '8080');
    await data.send('hello');
    await data.received.until('hello');
    data.reset();
    await error.ended;
    assert.equal(connections[0]?.destroyed, true);
  });

  it('resets a stream whose partner does not come within 30 s', async () => {
    const client = await connectSpdy();
    const error = await client.open({ streamtype: 'error', port: '80', requestid: '1' });
    while (clock.sleeping < 2) await nextTurn();
    clock.advance(30_000);
    await assert.rejects(error.ended, /reset/);
  });

  it('resets streams of unknown types', async () => {
    const stream = await (await connectSpdy()).open({ streamtype: 'other', port: '80', requestid: '1' });
    await assert.rejects(stream.ended, /reset/);
  });

  it('pairs streams of clients that send no request id', async () => {
    const client = await connectSpdy();
    const error = await client.open({ streamtype: 'error', port: '80' });
    const data = await client.open({ streamtype: 'data', port: '80' });
    await data.send('hello');
    data.end();
    await Promise.all([data.ended, error.ended]);
    assert.equal(data.received.text, 'hello');
  });

  it('refuses more streams than it keeps', async () => {
    handler = () => new Promise(() => {});
    const client = await connectSpdy();
    const opened = await Promise.allSettled(
      Array.from({ length: 520 }, () => client.open({ streamtype: 'error', port: '1' })),
    );
    assert.equal(opened.filter(({ status }) => status === 'rejected').length, 8);
  });

  it('ends every session when the server stops', async () => {
    const { data } = await open(await connectSpdy(), '8080');
    const ended = assert.rejects(data.ended);
    stop.abort(new Error('stopping'));
    await ended;
  });

  describe('over WebSocket channels', () => {
    async function connectChannels(
      query: string,
      protocol = 'v4.channel.k8s.io',
    ): Promise<{ webSocket: WebSocket; bytes: (channel: number) => Buffer }> {
      const webSocket = new WebSocket(`ws://${server.url}/portforward?${query}`, protocol);
      cleanUp.push(() => webSocket.terminate());
      const channels = new Map<number, Buffer[]>();
      webSocket.on('message', (data: Buffer) => {
        const channel = data[0] ?? -1;
        channels.set(channel, [...(channels.get(channel) ?? []), data.subarray(1)]);
      });
      await once(webSocket, 'open');
      return { webSocket, bytes: (channel) => Buffer.concat(channels.get(channel) ?? []) };
    }

    it('says the port on both channels, then carries bytes', async () => {
      const { webSocket, bytes } = await connectChannels('ports=8080&ports=443');
      webSocket.send(Buffer.from('\x02hello'));
      while (bytes(2).length < 7) await nextTurn();
      assert.deepEqual(bytes(0), Buffer.from([0x90, 0x1f]));
      assert.deepEqual(bytes(1), Buffer.from([0x90, 0x1f]));
      assert.deepEqual(bytes(2), Buffer.from('\xbb\x01hello', 'latin1'));
    });

    it('in version 5 ends one direction alone, and closes when both have ended', async () => {
      handler = async () => {
        const [ours, theirs] = duplexPair();
        theirs.once('end', () => theirs.end('the answer'));
        theirs.resume();
        return ours;
      };
      const { webSocket, bytes } = await connectChannels('ports=443&ports=80', 'v5.channel.k8s.io');
      webSocket.send(Buffer.from('\x02the question'));
      webSocket.send(Buffer.from([255, 2]));
      while (bytes(255).length === 0) await nextTurn();
      assert.equal(bytes(2).toString('latin1', 2), 'the answer');
      assert.deepEqual([...bytes(255)], [2]);
      webSocket.send(Buffer.from([255, 0]));
      const [code] = await once(webSocket, 'close');
      assert.equal(code, 1000);
    });

    it('closes when the pod has ended its connection', async () => {
      handler = async () => {
        const [ours, theirs] = duplexPair();
        theirs.end('bye');
        return ours;
      };
      const { webSocket, bytes } = await connectChannels('ports=80');
      const [code] = await once(webSocket, 'close');
      assert.equal(code, 1000);
      assert.equal(bytes(0).toString('latin1', 2), 'bye');
    });

    it('says why a connection could not be made', async () => {
      handler = async () => {
        throw new StatusError('ServiceUnavailable', 'refused');
      };
      const { webSocket, bytes } = await connectChannels('ports=80');
      await once(webSocket, 'close');
      assert.equal(bytes(1).toString('latin1', 2), 'error forwarding port 80 to pod: refused');
    });

    it('refuses a request without a port', async () => {
      const webSocket = new WebSocket(`ws://${server.url}/portforward`, 'v4.channel.k8s.io');
      const [, response] = await once(webSocket, 'unexpected-response');
      assert.equal(response.statusCode, 400);
      assert.match(String(Buffer.concat(await response.toArray())), /query parameter \\"port\\" is required/);
    });
  });
});
