/** The program as a process: what only a real pipe and real signals show. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LocalDevice } from '../testing/local-device.ts';
import { startTestPod } from '../testing/test-pods.ts';

const program = fileURLToPath(new URL('./eli.ts', import.meta.url));

describe('the eli process', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    await startTestPod(device.client, { name: 'web' });
  });
  after(() => device.close());

  function start(...args: string[]): ChildProcessWithoutNullStreams & { readonly errors: () => string } {
    const child = spawn(process.execPath, [program, ...args], { env: { ELIOT_RUN_DIR: device.runDirectory } });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    return Object.assign(child, { errors: () => errors });
  }
  const exitOf = async (child: ChildProcessWithoutNullStreams): Promise<unknown> => {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return code ?? signal;
  };

  it('exits with 0 or 1, though its stdin stays open', async () => {
    assert.equal(await exitOf(start('get', 'pods')), 0);
    assert.equal(await exitOf(start('get', 'pod', 'nope')), 1);
  });

  it('ends quietly when the reader of a pipe has gone', async () => {
    const child = start('get', 'pods', '-w');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await startTestPod(device.client, { name: 'next' });
    assert.equal(await exitOf(child), 141);
    assert.equal(child.errors(), '');
  });

  it('ends with 128 + n at a signal', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const child = start('get', 'pods', '-w');
      await once(child.stdout, 'data');
      child.kill(signal);
      assert.equal(await exitOf(child), code);
      assert.equal(child.errors(), '');
    }
  });

  it('writes all of a large output before it ends', async () => {
    device.streams.log = async () =>
      (await import('node:stream')).Readable.from(Array.from({ length: 80 }, () => Buffer.alloc(64 * 1024, 'x')));
    const child = start('logs', 'web');
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    await once(child, 'close');
    assert.equal(size, 80 * 64 * 1024);
  });
});
