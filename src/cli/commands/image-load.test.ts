/** `eli image load` against the real API server, whose runtime is scripted. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { unpackTar } from 'modern-tar';
import { StatusError } from '../../lib/status-error.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

/** Takes the archive's text as the names that it brings. */
async function namesOfText(archive: Readable): Promise<string[]> {
  const text = Buffer.concat(await archive.toArray()).toString();
  if (text === 'bad') throw new StatusError('Invalid', 'the archive is no image');
  return text.split(',');
}

describe('eli image load', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    device.streams.importArchive = namesOfText;
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

  it('sends an OCI layout that lies in a directory as the archive it would be', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'eliot-layout-'));
    try {
      await mkdir(join(directory, 'blobs/sha256'), { recursive: true });
      const files = { 'oci-layout': '{}', 'index.json': '{"manifests":[]}', 'blobs/sha256/abc': 'x'.repeat(200_000) };
      for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
      await writeFile(join(directory, 'notes.txt'), 'not part of it');
      let received: Record<string, string> = {};
      device.streams.importArchive = async (archive) => {
        const entries = await unpackTar(Buffer.concat(await archive.toArray()));
        received = Object.fromEntries(
          entries.map(({ header, data }) => [header.name, Buffer.from(data ?? []).toString()]),
        );
        return ['e:5'];
      };
      assert.equal((await load([directory])).stdout, 'image/e:5 loaded\n');
      assert.deepEqual(received, files);
      await rm(join(directory, 'index.json'));
      const refused = await load([directory]);
      assert.equal(refused.exitCode, 1);
      assert.match(refused.stderr, /: no OCI layout, as it has no index\.json/);
    } finally {
      await rm(directory, { recursive: true, force: true });
      device.streams.importArchive = namesOfText;
    }
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
