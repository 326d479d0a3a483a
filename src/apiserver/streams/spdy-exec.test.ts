import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLogger } from '../../lib/logger.ts';
import { StatusError } from '../../lib/status-error.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { SpdyClient, type SpdyClientStream } from '../../testing/spdy-client.ts';
import { startUpgradeServer, type UpgradeServer } from '../../testing/upgrade-server.ts';
import type { ExecHandler } from './exec-session.ts';
import { spdyDictionary } from './spdy/dictionary.ts';
import { createStreamUpgrader } from './stream-upgrader.ts';

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

describe('exec over SPDY', () => {
  let server: UpgradeServer;
  let clock: FakeClock;
  let stop: AbortController;
  let handler: ExecHandler;
  let sessions: Promise<void>[];
  let clients: SpdyClient[];

  beforeEach(async () => {
    clock = new FakeClock();
    stop = new AbortController();
    [sessions, clients] = [[], []];
    const upgrader = createStreamUpgrader({ clock, log: silentLogger, signal: stop.signal });
    server = await startUpgradeServer((request, socket, head) => {
      sessions.push(upgrader.exec(request, socket, head, (ends, signal) => handler(ends, signal)));
    });
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    await Promise.all(sessions);
    assert.equal(clock.sleeping, 0, 'nothing waits for a session that is over');
    server.close();
  });

  async function connect(query: string, versions = 'v4.channel.k8s.io'): Promise<SpdyClient> {
    const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': versions };
    const upgraded = await server.upgrade(`/exec?command=x&${query}`, headers);
    assert.ok('socket' in upgraded);
    const client = new SpdyClient(upgraded.socket, spdyDictionary);
    clients.push(client);
    return client;
  }

  async function openAll<T extends StreamType>(
    client: SpdyClient,
    ...types: T[]
  ): Promise<Record<T, SpdyClientStream>> {
    const opened = await Promise.all(
      types.map(async (type) => [type, await client.open({ streamtype: type })] as const),
    );
    return Object.fromEntries(opened) as Record<T, SpdyClientStream>;
  }

  it('carries input to its end, outputs apart, and the status', async () => {
    handler = async ({ stdin, stdout, stderr }) => {
      for await (const chunk of stdin ?? []) stdout?.write(`got ${chunk}`);
      stderr?.write('done');
      return { exitCode: 3 };
    };
    const client = await connect('stdin=true&stdout=true&stderr=true');
    const streams = await openAll(client, 'error', 'stdin', 'stdout', 'stderr');
    await streams.stdin.send('hello');
    streams.stdin.end();
    await Promise.all([streams.error.ended, streams.stdout.ended, streams.stderr.ended]);
    assert.deepEqual([streams.stdout.received.text, streams.stderr.received.text], ['got hello', 'done']);
    assert.deepEqual(JSON.parse(streams.error.received.text).details.causes, [{ reason: 'ExitCode', message: '3' }]);
  });

  it('says Success', async () => {
    handler = async () => ({ exitCode: 0 });
    const { error, stdout } = await openAll(await connect('stdout=1'), 'error', 'stdout');
    await Promise.all([error.ended, stdout.ended]);
    assert.deepEqual(JSON.parse(error.received.text), { metadata: {}, status: 'Success' });
  });

  it('waits for all streams that the query announced', async () => {
    let calls = 0;
    handler = async () => {
      calls += 1;
      return { exitCode: 0 };
    };
    const client = await connect('stdin=1&stdout=1');
    const { error } = await openAll(client, 'stdin', 'error');
    await client.ping();
    assert.equal(calls, 0);
    await openAll(client, 'stdout');
    await error.ended;
    assert.equal(calls, 1);
  });

  it('gives up a client that does not open its streams within 30 s', async () => {
    handler = async () => assert.fail('must not be called');
    const client = await connect('stdout=1');
    const { error } = await openAll(client, 'error');
    const ended = assert.rejects(error.ended);
    clock.advance(30_000);
    await ended;
  });

  it('resets a stream that was not asked for', async () => {
    handler = async () => ({ exitCode: 0 });
    const client = await connect('stdout=1');
    const { stdin } = await openAll(client, 'stdin');
    await assert.rejects(stdin.ended, /reset/);
  });

  it('passes the sizes of the terminal on, one JSON after the other', async () => {
    handler = async ({ resize }) => {
      let last = 0;
      for await (const { width } of resize) {
        last = width;
        if (width === 120) break;
      }
      return { exitCode: last };
    };
    const client = await connect('stdin=1&stdout=1&tty=1');
    const { resize, error } = await openAll(client, 'error', 'stdin', 'stdout', 'resize');
    await resize.send('{"Width":80,"Height":24}\n{"Wid');
    await resize.send('th":120,"Height":40}\n');
    await error.ended;
    assert.match(error.received.text, /exit status 120/);
  });

  it('carries 5 MB each way unchanged', async () => {
    handler = async ({ stdin, stdout }) => {
      for await (const chunk of stdin ?? []) if (!stdout?.write(chunk)) await once(stdout as Writable, 'drain');
      return { exitCode: 0 };
    };
    const client = await connect('stdin=1&stdout=1');
    const { stdin, stdout, error } = await openAll(client, 'error', 'stdin', 'stdout');
    const sent = randomBytes(5 * 1024 * 1024);
    for (let offset = 0; offset < sent.length; offset += 32_768)
      await stdin.send(sent.subarray(offset, offset + 32_768));
    stdin.end();
    await Promise.all([error.ended, stdout.ended]);
    assert.ok(stdout.received.bytes.equals(sent));
  });

  it('ends in good order although the client goes on sending what nobody reads', async () => {
    handler = async () => ({ exitCode: 5 });
    const client = await connect('stdin=1&stdout=1');
    const { stdin, error } = await openAll(client, 'error', 'stdin', 'stdout');
    for (let sent = 0; sent < 200; sent += 1) stdin.send(Buffer.alloc(65_536));
    await error.ended;
    assert.match(error.received.text, /exit status 5/);
  });

  it('tells the process when its client has gone', async () => {
    const gone = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    handler = async (_ends, signal) => {
      began.resolve();
      await once(signal, 'abort');
      gone.resolve();
      throw signal.reason;
    };
    const client = await connect('stdout=1');
    await openAll(client, 'error', 'stdout');
    await began.promise;
    client.close();
    await gone.promise;
  });

  it('cuts a client off that does not answer pings', async () => {
    const gone = Promise.withResolvers<void>();
    handler = async (_ends, signal) => {
      await once(signal, 'abort');
      gone.resolve();
      throw signal.reason;
    };
    const client = await connect('stdout=1');
    await openAll(client, 'error', 'stdout');
    client.answersPings = false;
    for (let ping = 0; ping < 5; ping += 1) {
      while (clock.sleeping === 0) await nextTurn();
      clock.advance(5_000);
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    }
    await gone.promise;
  });

  it('answers pings and asks its own', async () => {
    handler = async (_ends, signal) => {
      await once(signal, 'abort');
      throw signal.reason;
    };
    const client = await connect('stdout=1');
    await client.ping();
    clock.advance(5_000);
    await client.ping();
    assert.deepEqual(client.serverPings, [2]);
  });

  it('cuts a client off that does not speak SPDY', async () => {
    handler = async () => assert.fail('must not be called');
    const client = await connect('stdout=1');
    const { error } = await openAll(client, 'error');
    const ended = assert.rejects(error.ended);
    client.sendRaw(Buffer.from([0x80, 0x02, 0, 1, 0, 0, 0, 0]));
    await ended;
  });

  it('ends every session when the server stops', async () => {
    handler = async (_ends, signal) => {
      await once(signal, 'abort');
      throw signal.reason;
    };
    const { error } = await openAll(await connect('stdout=1'), 'error', 'stdout');
    const ended = assert.rejects(error.ended);
    stop.abort(new Error('stopping'));
    await ended;
  });

  it('writes plain text on the error stream before version 4', async () => {
    handler = async () => {
      throw new StatusError('InternalError', 'no such thing');
    };
    const { error } = await openAll(await connect('stdout=1', 'v2.channel.k8s.io'), 'error', 'stdout');
    await error.ended;
    const message = 'Internal error occurred: error executing command in container: no such thing';
    assert.equal(error.received.text, message);
  });

  it('chooses the best version of those that come in separate headers', async () => {
    handler = async () => ({ exitCode: 0 });
    const headers = {
      upgrade: 'SPDY/3.1',
      'x-stream-protocol-version': 'v5.channel.k8s.io, v4.channel.k8s.io, v3.channel.k8s.io',
    };
    const upgraded = await server.upgrade('/exec?command=x&stdout=1', headers);
    assert.ok('socket' in upgraded);
    assert.equal(upgraded.headers['x-stream-protocol-version'], 'v4.channel.k8s.io');
    upgraded.socket.destroy();
  });

  it('says which versions it knows when none fits', async () => {
    const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v9.channel.k8s.io' };
    const refused = await server.upgrade('/exec?command=x&stdout=1', headers);
    assert.ok('body' in refused);
    assert.equal(refused.statusCode, 403);
    assert.match(String(refused.headers['x-accepted-stream-protocol-versions']), /^v4\.channel\.k8s\.io, /);
    assert.match(JSON.parse(refused.body).message, /client supports \[v9\.channel\.k8s\.io\]/);
  });

  it('refuses an upgrade to anything else', async () => {
    const refused = await server.upgrade('/exec?command=x&stdout=1', { upgrade: 'h2c' });
    assert.ok('body' in refused);
    assert.equal(refused.statusCode, 400);
  });
});
