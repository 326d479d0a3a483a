/** `eli image load` against the real API server, whose runtime is scripted. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

describe('eli image load', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    device.streams.importArchive = async (archive) => {
      let text = '';
      for await (const chunk of archive) text += String(chunk);
      if (text === 'bad') throw new StatusError('Invalid', 'the archive is no image');
      return text.split(',');
    };
  });
  after(() => device.close());

  const load = (archives: readonly string[], stdin?: string): Promise<EliResult> =>
    eli(['image', 'load', ...archives], {
      env: { ELIOT_RUN_DIR: device.runDirectory },
      ...(stdin === undefined ? {} : { stdin }),
    });

  it('sends files and stdin, and names what is now on the device', async () => {
    const [one, two] = [await device.write('one.tar', 'a:1,b:2'), await device.write('two.tar', 'c:3')];
    assert.deepEqual(await load([one, two]), {
      exitCode: 0,
      stdout: 'image/a:1 loaded\nimage/b:2 loaded\nimage/c:3 loaded\n',
      stderr: '',
    });
    assert.equal((await load(['-'], 'd:4')).stdout, 'image/d:4 loaded\n');
  });

  it('says what is wrong with an archive, or that there is none', async () => {
    const bad = await load(['-'], 'bad');
    assert.equal(bad.exitCode, 1);
    assert.match(bad.stderr, /^Error from server \(Invalid\): the archive is no image/);
    const missing = await load(['/nonexistent.tar']);
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /\/nonexistent\.tar: no such file\n {2}make one with "docker save/);
    // A regular file that nobody can read, root included.
    const unreadable = await load(['/proc/self/mem']);
    assert.equal(unreadable.exitCode, 1);
    assert.match(unreadable.stderr, /^error: .*\/proc\/self\/mem: .*EIO/);
    assert.doesNotMatch(unreadable.stderr, /cannot reach/);
  });
});
