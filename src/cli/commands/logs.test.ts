/** `eli logs` and `eli exec` against the real API server, whose containers are scripted. */
import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { removeTestPods, startTestPod } from '../../testing/test-pods.ts';

describe('reaching into pods', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  beforeEach(async () => {
    await startTestPod(device.client, { name: 'web', labels: { app: 'web' } });
    await startTestPod(device.client, {
      name: 'two',
      labels: { app: 'two' },
      containers: ['main', 'side'],
      initContainers: ['init'],
    });
    await startTestPod(device.client, { name: 'done' }, 'Succeeded');
    device.streams.log = async ({ pod, container }) =>
      Readable.from([Buffer.from(`${pod}/${container} 1\n${pod}/`), Buffer.from(`${container} 2\n`)]);
    device.streams.exec = async () => ({ exitCode: 0 });
  });
  afterEach(() => removeTestPods(device.client));

  const env = (): Record<string, string> => ({ ELIOT_RUN_DIR: device.runDirectory });
  const run = (args: readonly string[], stdin?: string): Promise<EliResult> =>
    eli(args, { env: env(), ...(stdin === undefined ? {} : { stdin }) });

  describe('eli logs', () => {
    const logs = (...args: string[]): Promise<EliResult> => run(['logs', ...args]);

    it('prints what the container printed, byte for byte', async () => {
      const bytes = Buffer.from([0, 255, 27, 10, 200, 10, 65]);
      device.streams.log = async () => Readable.from([bytes]);
      const run = new EliRun(['logs', 'web'], { env: env() });
      const chunks: Buffer[] = [];
      run.stdout._write = (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk);
        done();
      };
      assert.equal(await run.ended, 0);
      assert.deepEqual(Buffer.concat(chunks), bytes);
    });

    it('takes the first container and says so when there are more', async () => {
      assert.deepEqual(await logs('two'), {
        exitCode: 0,
        stdout: 'two/main 1\ntwo/main 2\n',
        stderr: 'Defaulted container "main" out of: main, side, init (init)\n',
      });
    });

    it('takes the container that an annotation marks', async () => {
      const annotations = { 'kubectl.kubernetes.io/default-container': 'side' };
      await startTestPod(device.client, { name: 'marked', containers: ['main', 'side'], annotations });
      assert.deepEqual(await logs('marked'), { exitCode: 0, stdout: 'marked/side 1\nmarked/side 2\n', stderr: '' });
    });

    for (const args of [
      ['two', 'side'],
      ['-c', 'side', 'pod/two'],
      ['pods/two', '--container=side'],
    ]) {
      it(`${args.join(' ')} takes the one asked for`, async () => {
        assert.equal((await logs(...args)).stdout, 'two/side 1\ntwo/side 2\n');
      });
    }

    it('takes all containers, or all pods of a selector, with a prefix when asked', async () => {
      const all = (await logs('two', '--all-containers')).stdout;
      assert.equal(all, 'two/init 1\ntwo/init 2\ntwo/main 1\ntwo/main 2\ntwo/side 1\ntwo/side 2\n');
      assert.equal(
        (await logs('-l', 'app=web', '--prefix')).stdout,
        '[pod/web/main] web/main 1\n[pod/web/main] web/main 2\n',
      );
      assert.equal((await logs('-l', 'app=none')).stderr, 'No resources found in default namespace.\n');
    });

    it('ends a last line that has no end when lines of several are mixed', async () => {
      device.streams.log = async ({ container }) => Readable.from([Buffer.from(container)]);
      assert.equal((await logs('two', '--all-containers')).stdout, 'init\nmain\nside\n');
    });

    it('ends a line that grows without end, so that it need not be kept', async () => {
      // What a progress bar prints; a character of three bytes stays whole.
      const bar = `${'━'.repeat(99)}\r`;
      for (const [flags, prefix] of [
        [['two', '--all-containers'], ''],
        [['-l', 'app=web', '--prefix'], '[pod/web/main] '],
      ] as const) {
        const pieces = Array.from({ length: 64 }, () => Buffer.from(bar.repeat(100)));
        device.streams.log = async ({ container }) => Readable.from(container === 'main' ? pieces : []);
        const lines = (await logs(...flags)).stdout.trimEnd().split('\n');
        assert.ok(lines.length > 5, String(lines.length));
        assert.ok(lines.every((line) => line.startsWith(prefix) && Buffer.byteLength(line) < 200_000));
        assert.equal(lines.map((line) => line.slice(prefix.length)).join(''), bar.repeat(6_400).trimEnd());
      }
    });

    it('passes its flags on', async () => {
      const seen: unknown[] = [];
      device.streams.log = async (_ref, options) => {
        seen.push(options);
        return Readable.from([]);
      };
      await logs('web', '--tail', '20', '--since', '1m30s', '--timestamps', '-p', '--limit-bytes=100');
      await logs('web', '--tail=-1', '--since-time=2026-01-01T00:00:00Z');
      await logs('-l', 'app=web');
      assert.deepEqual(seen, [
        { follow: false, previous: true, timestamps: true, tailLines: 20, sinceSeconds: 90, limitBytes: 100 },
        { follow: false, previous: false, timestamps: false, sinceTime: '2026-01-01T00:00:00Z' },
        { follow: false, previous: false, timestamps: false, tailLines: 10 },
      ]);
    });

    it('-f follows until Ctrl-C, and the device notices', async () => {
      const gone = Promise.withResolvers<void>();
      device.streams.log = async (_ref, options, signal) => {
        assert.equal(options.follow, true);
        const stream = new PassThrough();
        stream.write('first\n');
        signal.addEventListener('abort', () => gone.resolve());
        return stream;
      };
      const follow = new EliRun(['logs', '-f', 'web'], { env: env() });
      await follow.stdout.printed(/first/);
      follow.signal('SIGINT');
      assert.equal(await follow.ended, 130);
      assert.equal(follow.stderr.text, '');
      await gone.promise;
    });

    it('-f mixes several containers by whole lines', async () => {
      const streams = new Map<string, PassThrough>();
      device.streams.log = async ({ container }) => {
        const stream = new PassThrough();
        streams.set(container, stream);
        stream.write(`${container} begins `);
        return stream;
      };
      const follow = new EliRun(['logs', '-f', 'two', '--all-containers'], { env: env() });
      while (streams.size < 3) await new Promise((resolve) => setImmediate(resolve));
      for (const stream of streams.values()) stream.end('and ends\n');
      assert.equal(await follow.ended, 0);
      const lines = ['init', 'main', 'side'].map((name) => `${name} begins and ends`);
      assert.deepEqual(follow.stdout.text.trimEnd().split('\n').sort(), lines);
    });

    it('says what the device says', async () => {
      device.streams.log = () =>
        Promise.reject(
          new StatusError('BadRequest', 'container "main" in pod "web" is waiting to start: ContainerCreating'),
        );
      const { exitCode, stderr } = await logs('web');
      assert.equal(exitCode, 1);
      assert.match(stderr, /^Error from server \(BadRequest\): container "main" in pod "web" is waiting to start/);
    });

    const wrong: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
      { args: [], says: /expected a POD name or a selector/ },
      { args: ['nope'], says: /pods "nope" not found/ },
      { args: ['node/device'], says: /"node\/device" is no pod/ },
      { args: ['web', '-c', 'nope'], says: /container nope is not valid for pod web\n {2}its containers: main/ },
      { args: ['web', '-l', 'a=b'], says: /only a selector \(-l\) or a POD name is allowed/ },
      { args: ['two', 'main', '--all-containers'], says: /should not be specified with container name/ },
      { args: ['web', '--tail=x'], says: /invalid --tail "x"/ },
      {
        args: ['web', '--since=5'],
        says: /invalid argument "5" for "--since" flag: time: missing unit in duration "5"/,
      },
      { args: ['web', '--since=5s', '--since-time=2026-01-01T00:00:00Z'], says: /at most one of/ },
      { args: ['web', '--since-time=yesterday'], says: /invalid --since-time/ },
    ];
    for (const { args, says } of wrong) {
      it(`${args.join(' ')} is refused in words`, async () => {
        const { exitCode, stderr } = await logs(...args);
        assert.equal(exitCode, 1);
        assert.match(stderr, says);
      });
    }
  });

  describe('eli exec', () => {
    it('passes arguments as they are, both outputs and the exit code', async () => {
      let seen: unknown;
      device.streams.exec = async (ref, command, ends) => {
        seen = { container: ref.container, command, tty: ends.tty };
        ends.stdout?.write('out\n');
        ends.stderr?.write('err\n');
        return { exitCode: 3 };
      };
      const result = await run(['exec', 'two', '-c', 'side', '--', 'sh', '-c', 'echo "a  b"', '-n', '']);
      assert.deepEqual(result, { exitCode: 3, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 3\n' });
      assert.deepEqual(seen, { container: 'side', command: ['sh', '-c', 'echo "a  b"', '-n', ''], tty: false });
    });

    it('-i passes stdin to its end; without it the command has none', async () => {
      device.streams.exec = async (_ref, _command, ends) => {
        let text = ends.stdin === undefined ? 'none' : '';
        for await (const chunk of ends.stdin ?? []) text += String(chunk);
        ends.stdout?.write(text);
        return { exitCode: 0 };
      };
      assert.equal((await run(['exec', '-i', 'web', '--', 'cat'], 'a  b\n')).stdout, 'a  b\n');
      assert.equal((await run(['exec', 'web', '--', 'cat'], 'unheard')).stdout, 'none');
    });

    it('-it makes the terminal raw, passes keys and sizes, and leaves it sane', async () => {
      device.streams.exec = async (_ref, _command, ends) => {
        assert.equal(ends.tty, true);
        for await (const size of ends.resize) {
          ends.stdout?.write(`${size.width}x${size.height} `);
          if (size.width === 100) break;
        }
        for await (const key of ends.stdin ?? []) {
          ends.stdout?.write(`key ${JSON.stringify(String(key))}`);
          break;
        }
        return { exitCode: 5 };
      };
      const shell = new EliRun(['exec', '-it', 'web', '--', 'sh'], { env: env(), tty: true });
      await shell.stdout.printed(/80x24/);
      assert.deepEqual(shell.rawModes, [true]);
      shell.stdout.columns = 100;
      shell.stdout.emit('resize');
      await shell.stdout.printed(/100x24/);
      shell.stdin.write('\u0003');
      assert.equal(await shell.ended, 5);
      assert.match(shell.stdout.text, /key "\\u0003"/);
      assert.deepEqual(shell.rawModes, [true, false]);
    });

    it('leaves the terminal sane when it is ended from outside', async () => {
      const started = Promise.withResolvers<void>();
      device.streams.exec = (_ref, _command, _ends, gone) =>
        new Promise((_resolve, reject) => {
          started.resolve();
          gone.addEventListener('abort', () => reject(gone.reason));
        });
      const shell = new EliRun(['exec', '-it', 'web', '--', 'sh'], { env: env(), tty: true });
      await started.promise;
      shell.signal('SIGTERM');
      assert.equal(await shell.ended, 143);
      assert.deepEqual(shell.rawModes, [true, false]);
    });

    it('-t without a terminal goes on without one, and says so', async () => {
      const { exitCode, stderr } = await run(['exec', '-t', 'web', '--', 'true']);
      assert.equal(exitCode, 0);
      assert.match(stderr, /^Unable to use a TTY - input is not a terminal/);
    });

    const wrong: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
      { args: [], says: /missing required argument 'pod'\n {2}see "eli exec --help"/ },
      { args: ['web'], says: /you must specify at least one command for the container/ },
      { args: ['web', 'ls', '-l'], says: /unknown option '-l'\n {2}flags of the command itself go after two dashes/ },
      { args: ['nope', '--', 'ls'], says: /pods "nope" not found/ },
      { args: ['web', '-c', 'nope', '--', 'ls'], says: /container nope is not valid for pod web/ },
      {
        args: ['done', '--', 'ls'],
        says: /cannot exec into a container in a completed pod; current phase is Succeeded/,
      },
    ];
    for (const { args, says } of wrong) {
      it(`${args.join(' ')} is refused in words`, async () => {
        const { exitCode, stdout, stderr } = await run(['exec', ...args]);
        assert.equal(exitCode, 1);
        assert.equal(stdout, '');
        assert.match(stderr, says);
      });
    }
  });
});
