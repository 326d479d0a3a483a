import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { silentLogger } from '../../lib/logger.ts';
import { StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { startUpgradeServer, type UpgradeServer } from '../../testing/upgrade-server.ts';
import type { StreamEnds } from '../pod-streams.ts';
import type { ExecHandler } from './exec-session.ts';
import { createStreamUpgrader } from './stream-upgrader.ts';

const allStreams = '/exec?command=x&stdin=true&stdout=true&stderr=true';

/** A client that keeps what came, by channel. */
class Client {
  readonly webSocket: WebSocket;
  readonly closed: Promise<number>;
  readonly #channels = new Map<number, Buffer[]>();

  constructor(url: string, protocols: string | string[], options: { readonly autoPong?: boolean } = {}) {
    this.webSocket = new WebSocket(url, protocols, options);
    this.closed = new Promise((resolve) => this.webSocket.once('close', resolve));
    this.webSocket.on('message', (data: Buffer, isBinary) => {
      const message = isBinary ? data : Buffer.from(data.toString());
      const channel = isBinary ? (message[0] ?? -1) : Number(message.toString('latin1', 0, 1));
      const bytes = isBinary ? message.subarray(1) : Buffer.from(message.toString('latin1', 1), 'base64');
      this.#channels.set(channel, [...(this.#channels.get(channel) ?? []), bytes]);
    });
  }

  bytes(channel: number): Buffer {
    return Buffer.concat(this.#channels.get(channel) ?? []);
  }

  text(channel: number): string {
    return this.bytes(channel).toString();
  }

  get status(): unknown {
    return JSON.parse(this.text(3));
  }

  async open(): Promise<this> {
    await once(this.webSocket, 'open');
    return this;
  }

  send(channel: number, bytes: Buffer | string): void {
    this.webSocket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(bytes)]));
  }
}

describe('exec over WebSocket', () => {
  let server: UpgradeServer;
  let clock: FakeClock;
  let stop: AbortController;
  let handler: ExecHandler;
  let sessions: Promise<void>[];

  beforeEach(async () => {
    clock = new FakeClock();
    stop = new AbortController();
    sessions = [];
    const upgrader = createStreamUpgrader({ clock, log: silentLogger, signal: stop.signal });
    server = await startUpgradeServer((request, socket, head) => {
      const serve = request.url?.startsWith('/attach') ? upgrader.attach : upgrader.exec;
      sessions.push(serve(request, socket, head, (ends, signal) => handler(ends, signal)));
    });
  });

  afterEach(async () => {
    server.close();
    await Promise.all(sessions);
    assert.equal(clock.sleeping, 0, 'nothing waits for a session that is over');
  });

  const connect = (
    path = allStreams,
    protocols: string | string[] = 'v5.channel.k8s.io',
    options: { readonly autoPong?: boolean } = {},
  ): Client => new Client(`ws://${server.url}${path}`, protocols, options);

  it('carries input and outputs apart, then says Success and closes', async () => {
    handler = async ({ stdin, stdout, stderr }) => {
      for await (const chunk of stdin ?? []) stdout?.write(`got ${chunk}`);
      stderr?.write('done');
      return { exitCode: 0 };
    };
    const client = await connect().open();
    client.send(0, 'hello');
    client.send(255, Buffer.from([0]));
    assert.equal(await client.closed, 1000);
    assert.deepEqual([client.text(1), client.text(2)], ['got hello', 'done']);
    assert.deepEqual(client.status, { metadata: {}, status: 'Success' });
  });

  it('says the exit code', async () => {
    handler = async () => ({ exitCode: 7 });
    const client = connect();
    await client.closed;
    assert.deepEqual(client.status, {
      metadata: {},
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: 'command terminated with non-zero exit code: exit status 7',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
  });

  for (const { path, prefix } of [
    { path: allStreams, prefix: 'Internal error occurred: error executing command in container: ' },
    { path: '/attach?stdout=1', prefix: 'Internal error occurred: error attaching to container: ' },
  ]) {
    it(`says why ${path.slice(1, 5)}… failed in the kubelet's words`, async () => {
      handler = async () => {
        throw new StatusError('InternalError', 'OCI runtime exec failed');
      };
      const client = connect(path);
      await client.closed;
      assert.deepEqual(client.status, {
        metadata: {},
        status: 'Failure',
        reason: 'InternalError',
        message: `${prefix}OCI runtime exec failed`,
        code: 500,
      });
    });
  }

  it('passes an expected failure on as it is', async () => {
    handler = async () => {
      throw new StatusError('NotFound', 'container not found ("web")');
    };
    const client = connect();
    await client.closed;
    assert.deepEqual(client.status, {
      metadata: {},
      status: 'Failure',
      reason: 'NotFound',
      message: 'container not found ("web")',
      code: 404,
    });
  });

  for (const { offered, chosen } of [
    { offered: ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'], chosen: 'v5.channel.k8s.io' },
    { offered: ['base64.binary.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io'], chosen: 'v4.channel.k8s.io' },
    { offered: ['v4.base64.channel.k8s.io'], chosen: 'v4.base64.channel.k8s.io' },
    { offered: [], chosen: '' },
  ]) {
    it(`chooses ${chosen || 'none'} of ${offered.join(', ') || 'nothing'}`, async () => {
      handler = async () => ({ exitCode: 0 });
      const client = await connect(allStreams, offered).open();
      assert.equal(client.webSocket.protocol, chosen);
      await client.closed;
    });
  }

  it('carries base64 in text frames', async () => {
    handler = async ({ stdin, stdout }) => {
      const [chunk] = await once(stdin as StreamEnds['stdin'] & object, 'data');
      stdout?.write(Buffer.concat([chunk, Buffer.from([0xff])]));
      return { exitCode: 0 };
    };
    const client = await connect(allStreams, 'v4.base64.channel.k8s.io').open();
    client.webSocket.send(`0${Buffer.from([1, 2, 0xfe]).toString('base64')}`);
    await client.closed;
    assert.deepEqual(client.bytes(1), Buffer.from([1, 2, 0xfe, 0xff]));
    assert.deepEqual(client.status, { metadata: {}, status: 'Success' });
  });

  it('writes plain text on the error channel before version 4', async () => {
    handler = async () => ({ exitCode: 3 });
    const client = connect(allStreams, 'channel.k8s.io');
    await client.closed;
    assert.equal(client.text(3), 'command terminated with non-zero exit code: exit status 3');
  });

  it('does not take a close of stdin before version 5', async () => {
    handler = async ({ stdin }) => {
      const [chunk] = await once(stdin as StreamEnds['stdin'] & object, 'data');
      return { exitCode: Number(chunk) };
    };
    const client = await connect(allStreams, 'v4.channel.k8s.io').open();
    client.send(255, Buffer.from([0]));
    client.send(0, '4');
    await client.closed;
    assert.match(client.text(3), /exit status 4/);
  });

  it('passes the sizes of the terminal on, and has no stderr with one', async () => {
    let seen: Partial<StreamEnds> = {};
    handler = async (ends) => {
      seen = ends;
      for await (const { width, height } of ends.resize) return { exitCode: width + height };
      return { exitCode: 0 };
    };
    const client = await connect('/exec?command=sh&stdin=1&stdout=1&stderr=1&tty=1').open();
    client.send(4, 'nonsense');
    client.send(4, '{"Width":101,"Height":33}');
    await client.closed;
    assert.match(client.text(3), /exit status 134/);
    assert.deepEqual([seen.tty, seen.stderr], [true, undefined]);
  });

  it('ignores messages for channels that are none', async () => {
    handler = async ({ stdin }) => {
      const [chunk] = await once(stdin as StreamEnds['stdin'] & object, 'data');
      return { exitCode: Number(chunk) };
    };
    const client = await connect().open();
    client.webSocket.send(Buffer.alloc(0));
    client.send(9, 'x');
    client.send(1, 'x');
    client.send(0, '5');
    await client.closed;
    assert.match(client.text(3), /exit status 5/);
  });

  it('carries 5 MB each way unchanged', async () => {
    const digests: string[] = [];
    const sent = randomBytes(5 * 1024 * 1024);
    handler = async ({ stdin, stdout }) => {
      const hash = createHash('sha256');
      for await (const chunk of stdin ?? []) {
        hash.update(chunk);
        if (!stdout?.write(chunk)) await once(stdout as Writable, 'drain');
      }
      digests.push(hash.digest('hex'));
      return { exitCode: 0 };
    };
    const client = await connect().open();
    for (let offset = 0; offset < sent.length; offset += 32_768) client.send(0, sent.subarray(offset, offset + 32_768));
    client.send(255, Buffer.from([0]));
    await client.closed;
    assert.equal(digests[0], createHash('sha256').update(sent).digest('hex'));
    assert.ok(client.bytes(1).equals(sent));
  });

  it('slows a process down whose client does not read', async () => {
    let written = 0;
    const isStuck = Promise.withResolvers<void>();
    handler = async ({ stdout }) => {
      const chunk = Buffer.alloc(65_536);
      const target = 64 * 1024 * 1024;
      while (written < target) {
        written += chunk.length;
        if (stdout?.write(chunk)) continue;
        const drained = once(stdout as Writable, 'drain');
        // Loopback takes some megabytes; then nothing more goes until the client reads.
        for (let turn = 0; turn < 200 && stdout?.writableNeedDrain; turn += 1) await nextTurn();
        if (stdout?.writableNeedDrain) isStuck.resolve();
        await drained;
      }
      return { exitCode: 0 };
    };
    const client = await connect('/exec?command=x&stdout=true').open();
    client.webSocket.pause();
    await isStuck.promise;
    assert.ok(written < 32 * 1024 * 1024, `${written} bytes taken`);
    client.webSocket.resume();
    await client.closed;
    assert.equal(client.bytes(1).length, 64 * 1024 * 1024);
  });

  it('slows a client down whose process does not read', async () => {
    const ready = Promise.withResolvers<StreamEnds>();
    const finish = Promise.withResolvers<void>();
    handler = async (ends) => {
      ready.resolve(ends);
      await finish.promise;
      return { exitCode: 0 };
    };
    const client = await connect().open();
    const { stdin } = await ready.promise;
    const chunk = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent < 64; sent += 1) client.send(0, chunk);
    for (let turn = 0; turn < 2_000; turn += 1) await nextTurn();
    assert.ok(client.webSocket.bufferedAmount > 16 * 1024 * 1024, 'the client has to wait');
    assert.ok((stdin?.readableLength ?? 0) < 8 * 1024 * 1024, 'memory is bounded');
    finish.resolve();
    assert.equal(await client.closed, 1000);
  });

  it('tells the process when its client has gone', async () => {
    const began = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    handler = async ({ stdin, resize }, signal) => {
      began.resolve();
      await once(signal, 'abort');
      for await (const _size of resize);
      ended.resolve(stdin?.destroyed);
      throw signal.reason;
    };
    const client = await connect().open();
    await began.promise;
    client.webSocket.terminate();
    assert.equal(await ended.promise, true);
  });

  it('cuts a client off that does not answer pings', async () => {
    const gone = Promise.withResolvers<void>();
    handler = async (_ends, signal) => {
      await once(signal, 'abort');
      gone.resolve();
      throw signal.reason;
    };
    const client = await connect(allStreams, 'v5.channel.k8s.io', { autoPong: false }).open();
    for (let ping = 0; ping < 5; ping += 1) {
      while (clock.sleeping === 0) await nextTurn();
      clock.advance(5_000);
    }
    await gone.promise;
    assert.equal(await client.closed, 1006);
  });

  it('keeps a client that answers pings', async () => {
    const finish = Promise.withResolvers<void>();
    handler = async () => {
      await finish.promise;
      return { exitCode: 0 };
    };
    const client = await connect().open();
    for (let ping = 0; ping < 8; ping += 1) {
      const pinged = once(client.webSocket, 'ping');
      while (clock.sleeping === 0) await nextTurn();
      clock.advance(5_000);
      await pinged;
      // The answer must have come before the next ping goes out.
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    }
    finish.resolve();
    assert.equal(await client.closed, 1000);
  });

  it('ends every session when the server stops', async () => {
    handler = async (_ends, signal) => {
      await once(signal, 'abort');
      throw signal.reason;
    };
    const client = await connect().open();
    while (clock.sleeping === 0) await nextTurn();
    stop.abort(new Error('stopping'));
    assert.equal(await client.closed, 1001);
  });

  for (const { path, protocols, message } of [
    { path: '/exec?command=x', protocols: 'v5.channel.k8s.io', message: /at least 1 of stdin, stdout, stderr/ },
    { path: '/exec?command=x&stdout=0', protocols: 'v5.channel.k8s.io', message: /at least 1 of/ },
    { path: allStreams, protocols: 'v9.channel.k8s.io', message: /unable to negotiate protocol/ },
  ]) {
    it(`refuses ${path} as ${protocols} with a Status before the upgrade`, async () => {
      handler = async () => assert.fail('must not be called');
      const refused = await server.upgrade(path, {
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
        'sec-websocket-protocol': protocols,
      });
      assert.ok('body' in refused);
      assert.equal(refused.statusCode, 400);
      const status = JSON.parse(refused.body);
      assert.deepEqual(
        [status.kind, status.status, status.reason, status.code],
        ['Status', 'Failure', 'BadRequest', 400],
      );
      assert.match(status.message, message);
    });
  }
});
