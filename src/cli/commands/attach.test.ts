/** `eli attach` against the real API server, whose containers are scripted; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { pods } from '../../api/resources.ts';
import type { StreamEnds } from '../../apiserver/pod-streams.ts';
import { EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod, testPod } from '../../testing/test-pods.ts';

describe('attach', () => {
  let device: LocalDevice;
  /** What the container has read. */
  let heard: string;

  before(async () => {
    device = await LocalDevice.start();
    await startTestPod(device.client, { name: 'web', containers: ['main', 'side'] });
    await startTestPod(device.client, { name: 'done' }, 'Succeeded');
    const shell = testPod({ name: 'shell' });
    const spec = { containers: [{ name: 'main', image: 'x', stdin: true, tty: true }] };
    await device.client.create<KubeObject>(pods, { ...shell, spec });
  });
  after(() => device.close());
  beforeEach(() => {
    heard = '';
    device.streams.exec = async ({ container }, _command, ends: StreamEnds, signal) => {
      ends.stdout?.write(`${container}, ${ends.tty ? 'terminal' : 'pipes'}\n`);
      ends.stdin?.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
        ends.stdout?.write(`<${chunk}>`);
        if (chunk.includes('exit')) ends.stdin?.destroy();
      });
      await new Promise<void>((resolve) => {
        if (ends.stdin === undefined) resolve();
        ends.stdin?.once('close', resolve);
        signal.addEventListener('abort', () => resolve());
      });
      return { exitCode: 0 };
    };
  });

  const env = (): Record<string, string> => ({ ELIOT_RUN_DIR: device.runDirectory });

  it('shows what the container prints until it ends', async () => {
    const { exitCode, stdout, stderr } = await eli(['attach', 'web', '-c', 'side'], { env: env() });
    assert.deepEqual([exitCode, stdout], [0, 'side, pipes\n']);
    assert.match(
      stderr,
      /^All commands and output from this session .*\nIf you don't see a command prompt, try pressing enter\.\n$/,
    );
    const quiet = await eli(['attach', 'web', '-q'], { env: env() });
    assert.deepEqual([quiet.stdout, quiet.stderr], ['main, pipes\n', '']);
  });

  it('passes stdin, its end included', async () => {
    const { stdout } = await eli(['attach', '-i', '-q', 'web'], { env: env(), stdin: 'hello' });
    assert.equal(stdout, 'main, pipes\n<hello>');
    assert.equal(heard, 'hello');
  });

  it('takes the terminal when the container has one, and gives it back at the detach keys', async () => {
    const run = new EliRun(['attach', '-it', 'shell'], { env: env(), tty: true });
    await run.stdout.printed(/main, terminal/);
    run.stdin.write('ls\n');
    await run.stdout.printed(/<ls\n>/);
    run.stdin.write('\x10\x11never');
    assert.equal(await run.ended, 0);
    assert.deepEqual(run.rawModes, [true, false]);
    assert.equal(heard, 'ls\n');
    assert.match(run.stdout.text, /Session ended, resume using 'eli attach shell -c main -n default -i -t' command\n$/);
  });

  it('ends with the container, and the terminal is sane', async () => {
    const run = new EliRun(['attach', '-it', 'shell', '--detach-keys=ctrl-a,d'], { env: env(), tty: true });
    await run.stdout.printed(/main, terminal/);
    run.stdin.write('exit\n');
    assert.equal(await run.ended, 0);
    assert.deepEqual(run.rawModes, [true, false]);
  });

  it('says that a container has no terminal', async () => {
    const { exitCode, stderr } = await eli(['attach', '-it', 'web', '-c', 'main'], { env: env() });
    assert.equal(exitCode, 0);
    assert.match(stderr, /^error: Unable to use a TTY - container main did not allocate one\n/);
  });

  for (const { args, complains } of [
    { args: ['done'], complains: 'error: cannot attach a container in a completed pod; current phase is Succeeded\n' },
    { args: ['nope'], complains: 'Error from server (NotFound): pods "nope" not found\n' },
    { args: ['web', '-c', 'nope'], complains: 'error: container nope is not valid for pod web\n' },
    { args: ['web', '--detach-keys=x,yy'], complains: 'error: could not bind detach keys: unknown key "yy"\n' },
    { args: ['web', '--pod-running-timeout=0'], complains: 'error: --pod-running-timeout must be higher than zero\n' },
  ]) {
    it(`${args.join(' ')} is refused`, async () => {
      const { exitCode, stderr } = await eli(['attach', ...args], { env: env() });
      assert.equal(exitCode, 1);
      assert.ok(stderr.startsWith(complains), stderr);
    });
  }
});
