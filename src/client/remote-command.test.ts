/** Against the real API server, whose containers are scripted. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { after, before, beforeEach, describe, it } from 'node:test';
import { WebSocketServer } from 'ws';
import { pods } from '../api/resources.ts';
import { createSystemClock } from '../lib/clock.ts';
import { isStatusError } from '../lib/status-error.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { LocalDevice } from '../testing/local-device.ts';
import { type RemoteCommand, type RemoteEnds, runRemoteCommand } from './remote-command.ts';
import { Transport } from './transport.ts';

/** Keeps what is written; `slow` takes its time with every chunk. */
class Collected extends Writable {
  readonly hash = createHash('sha256');
  text = '';
  bytes = 0;
  readonly #slow: boolean;

  constructor(slow = false) {
    super({ highWaterMark: 1024 });
    this.#slow = slow;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes += chunk.length;
    this.hash.update(chunk);
    if (this.bytes < 10_000) this.text += chunk.toString();
    if (this.#slow) setImmediate(done);
    else done();
  }
}

describe('a remote command', () => {
  let device: LocalDevice;
  let transport: Transport;
  const signal = new AbortController().signal;

  before(async () => {
    device = await LocalDevice.start();
    transport = new Transport({ server: `unix:${device.runDirectory}/eliotd.sock` });
    await device.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    });
  });
  after(async () => {
    transport.close();
    await device.close();
  });
  beforeEach(() => {
    device.streams.exec = async () => ({ exitCode: 0 });
  });

  const run = (ends: Partial<RemoteEnds>, remote: Partial<RemoteCommand> = {}, stop = signal): Promise<number> =>
    runRemoteCommand(
      { transport, clock: createSystemClock() },
      { namespace: 'default', pod: 'web', tty: false, command: ['true'], ...remote },
      { stdout: new Collected(), stderr: new Collected(), ...ends },
      stop,
    );

  it('waits once for a slow reader, however many messages are there already', async () => {
    device.streams.exec = async (_ref, _command, ends) => {
      for (let line = 0; line < 200; line += 1) ends.stdout?.write(`${line} ${'x'.repeat(200)}\n`);
      return { exitCode: 0 };
    };
    const stdout = new Collected(true);
    let waiting = 0;
    stdout.on('newListener', (event) => {
      if (event === 'drain') waiting = Math.max(waiting, stdout.listenerCount('drain') + 1);
    });
    assert.equal(await run({ stdout }), 0);
    assert.equal(stdout.bytes, 200 * 202 + 10 + 90 * 2 + 100 * 3);
    assert.equal(waiting, 1);
  });

  it('gets its arguments as they are, and gives both outputs and its exit code back', async () => {
    let seen: unknown;
    device.streams.exec = async (ref, command, ends) => {
      seen = { container: ref.container, command, tty: ends.tty, stdin: ends.stdin !== undefined };
      ends.stdout?.write('out');
      ends.stderr?.write('err');
      return { exitCode: 42 };
    };
    const [stdout, stderr] = [new Collected(), new Collected()];
    const command = ['sh', '-c', 'echo "a  b" && $x', '', '-- é'];
    assert.equal(await run({ stdout, stderr }, { command, container: 'main' }), 42);
    assert.deepEqual(seen, { container: 'main', command, tty: false, stdin: false });
    assert.deepEqual([stdout.text, stderr.text], ['out', 'err']);
  });

  it('hears the end of stdin', async () => {
    device.streams.exec = async (_ref, _command, ends) => {
      let text = '';
      for await (const chunk of ends.stdin ?? []) text += String(chunk);
      ends.stdout?.write(`got ${text}`);
      return { exitCode: 0 };
    };
    const stdout = new Collected();
    assert.equal(await run({ stdout, stdin: Readable.from([Buffer.from('a'), Buffer.from('b')]) }), 0);
    assert.equal(stdout.text, 'got ab');
  });

  it('may end before it has read its stdin', async () => {
    const stdin = new PassThrough();
    stdin.write('never read');
    assert.equal(await run({ stdin }), 0);
    assert.ok(stdin.destroyed);
  });

  it('moves 5 MB each way intact to a slow reader', async () => {
    const bytes = randomBytes(5 * 1024 * 1024);
    device.streams.exec = async (_ref, _command, ends) => {
      for await (const chunk of ends.stdin ?? []) {
        if (ends.stdout?.write(chunk) === false) await new Promise((resolve) => ends.stdout?.once('drain', resolve));
      }
      return { exitCode: 0 };
    };
    const stdout = new Collected(true);
    await run({
      stdout,
      stdin: Readable.from(
        (function* () {
          for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
        })(),
      ),
    });
    assert.equal(stdout.bytes, bytes.length);
    assert.equal(stdout.hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
  });

  it('with a terminal is told its sizes', async () => {
    device.streams.exec = async (_ref, _command, ends) => {
      let seen = 0;
      for await (const { width, height } of ends.resize) {
        ends.stdout?.write(`${width}x${height} `);
        if (++seen === 2) break;
      }
      return { exitCode: 0 };
    };
    const stdout = new Collected();
    async function* sizes() {
      yield { width: 80, height: 24 };
      // The server keeps only the newest size, so the second comes when the first has been seen.
      while (stdout.text === '') await new Promise((resolve) => setImmediate(resolve));
      yield { width: 100, height: 40 };
    }
    assert.equal(await run({ stdout, resize: sizes() }, { tty: true }), 0);
    assert.equal(stdout.text, '80x24 100x40 ');
  });

  it('ends on the device when we stop', async () => {
    const stop = new AbortController();
    const ended = Promise.withResolvers<void>();
    device.streams.exec = (_ref, _command, _ends, gone) =>
      new Promise((_resolve, reject) => {
        gone.addEventListener('abort', () => {
          ended.resolve();
          reject(gone.reason);
        });
        stop.abort(new Error('Ctrl-C'));
      });
    await assert.rejects(run({}, {}, stop.signal), /Ctrl-C/);
    await ended.promise;
  });

  it('gives up on a server from which nothing is heard any more', async () => {
    const silent = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false });
    await once(silent, 'listening');
    const address = silent.address();
    const clock = new FakeClock();
    const away = new Transport({ server: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
    const running = runRemoteCommand(
      { transport: away, clock },
      { namespace: 'default', pod: 'web', tty: false, command: ['true'] },
      { stdout: new Collected(), stderr: new Collected() },
      signal,
    );
    let isOver = false;
    running
      .catch(() => {})
      .finally(() => {
        isOver = true;
      });
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      if (clock.sleeping > 0) clock.advance(5_000);
    }
    await assert.rejects(running, (error) => isStatusError(error, 'Timeout'));
    assert.equal(clock.monotonicMs(), 35_000);
    for (const client of silent.clients) client.terminate();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('of an unknown pod is refused as NotFound', async () => {
    await assert.rejects(run({}, { pod: 'nope' }), (error) => isStatusError(error, 'NotFound'));
  });

  it('that cannot run says why', async () => {
    device.streams.exec = () => Promise.reject(new Error('exec: "nope": executable file not found in $PATH'));
    await assert.rejects(run({}));
  });

  it('says that nobody is there', async () => {
    const nobody = new Transport({ server: `unix:${device.runDirectory}/other.sock` });
    await assert.rejects(
      runRemoteCommand(
        { transport: nobody, clock: createSystemClock() },
        { namespace: 'default', pod: 'web', tty: false, command: ['true'] },
        { stdout: new Collected(), stderr: new Collected() },
        signal,
      ),
      /no such socket - is eliotd running/,
    );
  });
});
