import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { addTestImage, letImagesGo } from '../../testing/test-images.ts';
import { startTestPod } from '../../testing/test-pods.ts';

const idOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
const busybox = 'docker.io/library/busybox:1.36';

describe('eli image', () => {
  let device: LocalDevice;
  const stop = new AbortController();
  let leaving: Promise<void>;

  before(async () => {
    device = await LocalDevice.start();
    const digests = [`docker.io/library/busybox@${idOf('d')}`];
    await addTestImage(device.client, busybox, { id: idOf('a'), sizeBytes: 4_260_000, digests });
    await addTestImage(device.client, 'r.lan:5000/web:2', {
      id: idOf('b'),
      sizeBytes: 30_000_000,
      usedBy: ['default/web', 'Deployment default/web'],
    });
    await addTestImage(device.client, 'eliot.test/loaded:1', { id: idOf('c'), sizeBytes: 1_000, sideLoaded: true });
    leaving = letImagesGo(device.client, stop.signal);
  });
  after(async () => {
    stop.abort();
    await leaving.catch(() => {});
    await device.close();
  });

  const run = (...args: string[]): Promise<EliResult> =>
    eli(['image', ...args], { env: { ELIOT_RUN_DIR: device.runDirectory } });
  const ok = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(...args);
    assert.deepEqual([exitCode, stderr], [0, '']);
    return stdout;
  };

  describe('list', () => {
    it('shows what there is, and what wants it', async () => {
      assert.equal(
        await ok('list'),
        [
          'REPOSITORY                  TAG    IMAGE ID       SIZE     STATUS    USED BY',
          'docker.io/library/busybox   1.36   aaaaaaaaaaaa   4.26MB   Present   <none>',
          'eliot.test/loaded           1      cccccccccccc   1kB      Present   <none>',
          'r.lan:5000/web              2      bbbbbbbbbbbb   30MB     Present   default/web and 1 more',
          '',
        ].join('\n'),
      );
      assert.match(await ok('ls', '-o', 'wide', 'busybox:1.36'), /registry +sha256:d{64}\n$/);
      assert.match(
        await ok('ls', '-o', 'wide', '--no-headers', 'bbbb'),
        /default\/web,Deployment default\/web +registry +<none>\n$/,
      );
    });

    it('prints in every format of get', async () => {
      assert.match(await ok('list', '-o', 'name'), /^image\.eliot\.run\/busybox-1\.36-[0-9a-f]{8}\n/);
      const list = JSON.parse(await ok('list', '-o', 'json'));
      assert.deepEqual([list.kind, list.items.length], ['List', 3]);
      assert.equal(await ok('list', '-o', 'jsonpath={.items[*].spec.image}', 'cccc'), 'eliot.test/loaded:1');
    });
  });

  describe('inspect', () => {
    it('prints all of one image as JSON, or in another format', async () => {
      for (const name of [busybox, 'busybox:1.36', 'aaaa', idOf('a')]) {
        assert.equal(JSON.parse(await ok('inspect', name)).status.sizeBytes, 4_260_000, name);
      }
      assert.match(
        await ok('inspect', 'busybox:1.36', '-o', 'yaml'),
        /^ {2}image: docker\.io\/library\/busybox:1\.36$/m,
      );
      assert.equal(JSON.parse(await ok('inspect', 'aaaa', 'bbbb')).items.length, 2);
    });

    it('says that there is none', async () => {
      const { exitCode, stderr } = await run('inspect', 'nope');
      assert.equal(exitCode, 1);
      assert.equal(stderr, 'error: no image "nope" is on the device\n  "eli image list" shows what is there\n');
      assert.match((await run('inspect', 'aaaa', '-o', 'table')).stderr, /allowed formats are: json, yaml/);
    });
  });

  describe('save', () => {
    const content = Buffer.alloc(300_000, 'x');
    let directory: string;
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'eliot-save-'));
      device.streams.exportArchive = async () => ({ sizeBytes: content.length, read: () => pieces(content) });
    });
    after(() => rm(directory, { recursive: true }));

    async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
      for (let offset = 0; offset < bytes.length; offset += 100_000) yield bytes.subarray(offset, offset + 100_000);
    }

    it('writes the archive to a file, or to stdout', async () => {
      const file = join(directory, 'image.tar');
      assert.equal(await ok('save', 'busybox:1.36', '-o', file), '');
      assert.deepEqual(await readFile(file), content);
      assert.equal(await ok('save', 'busybox:1.36'), content.toString());
      assert.equal(await ok('save', 'busybox:1.36', '-'), content.toString());
    });

    it('leaves what was there when it fails or is stopped', async () => {
      const file = join(directory, 'kept.tar');
      await writeFile(file, 'kept');
      const kept = device.streams.exportArchive;
      device.streams.exportArchive = async () => ({
        sizeBytes: content.length,
        async *read() {
          // As much as has to leave before it is found missing.
          yield content.subarray(0, 200_000);
          throw new StatusError('NotFound', 'gone');
        },
      });
      const failed = await run('save', 'busybox:1.36', file);
      assert.equal(failed.exitCode, 1);
      assert.match(failed.stderr, /^error: the archive ended after \d+ of 300000 bytes: .*\n {2}was the image removed/);

      const begun = Promise.withResolvers<void>();
      device.streams.exportArchive = async (_image, signal) => ({
        sizeBytes: content.length,
        async *read() {
          yield content.subarray(0, 10);
          begun.resolve();
          await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        },
      });
      const running = new EliRun(['image', 'save', 'busybox:1.36', file], {
        env: { ELIOT_RUN_DIR: device.runDirectory },
      });
      await begun.promise;
      running.signal('SIGINT');
      assert.equal(await running.ended, 130);
      device.streams.exportArchive = kept;
      assert.equal(await readFile(file, 'utf8'), 'kept');
      assert.deepEqual(
        (await readdir(directory)).filter((name) => name.includes('kept')),
        ['kept.tar'],
      );
    });

    it('never writes to a terminal, nor over what is no file', async () => {
      const running = new EliRun(['image', 'save', 'busybox:1.36'], {
        env: { ELIOT_RUN_DIR: device.runDirectory },
        tty: true,
      });
      assert.equal(await running.ended, 1);
      assert.equal(running.stdout.text, '');
      assert.match(running.stderr.text, /refusing to write an image archive to the terminal\n {2}name a file:/);
      assert.match((await run('save', 'busybox:1.36', directory)).stderr, /it is a directory/);
      assert.match((await run('save', 'busybox:1.36', '/dev/null')).stderr, /it is no regular file/);
      assert.match((await run('save', 'busybox:1.36', '/nowhere/x.tar')).stderr, /there is no directory \/nowhere/);
    });
  });

  describe('pull', () => {
    it('has the device fetch images, and says which came', async () => {
      const asked: string[] = [];
      device.streams.pull = async (name) => {
        asked.push(name);
        return { name, id: idOf('e'), sizeBytes: 1 };
      };
      assert.equal(
        await ok('pull', 'alpine', 'r.lan:5000/x:2'),
        'image/docker.io/library/alpine:latest pulled\nimage/r.lan:5000/x:2 pulled\n',
      );
      assert.deepEqual(asked, ['docker.io/library/alpine:latest', 'r.lan:5000/x:2']);
    });

    it('goes on with the next one, and says what the registry said', async () => {
      device.streams.pull = async (name) => {
        if (name.includes('bad')) throw new StatusError('NotFound', `failed to pull image "${name}": not found`);
        return { name, id: idOf('e'), sizeBytes: 1 };
      };
      const { exitCode, stdout, stderr } = await run('pull', 'bad', 'good');
      assert.deepEqual([exitCode, stdout], [1, 'image/docker.io/library/good:latest pulled\n']);
      assert.match(
        stderr,
        /^Error from server \(NotFound\): failed to pull image "docker\.io\/library\/bad:latest": not found\n/,
      );
      assert.match((await run('pull', 'A B')).stderr, /couldn't parse image name "A B"/);
    });

    it('says what to mend when the device could not fetch it', async () => {
      device.streams.pull = async (name) => {
        const causes = [{ reason: 'NoSpaceLeft', message: 'no space left on device' }];
        throw new StatusError('ServiceUnavailable', `failed to pull image "${name}": no space left on device`, {
          details: { causes },
        });
      };
      const { exitCode, stderr } = await run('pull', 'large');
      assert.equal(exitCode, 1);
      assert.match(stderr, /: no space left on device\n.*: its disk is full: "eli image prune" removes the images/);
    });

    it('shows how far each layer is, and ends the pull when it is stopped', async () => {
      const aborted = Promise.withResolvers<void>();
      device.streams.pull = async (_name, signal) => {
        signal.addEventListener('abort', () => aborted.resolve());
        return await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      };
      const name = 'docker.io/library/large:1';
      await addTestImage(device.client, name, {
        state: 'Pulling',
        layers: [{ digest: idOf('f'), sizeBytes: 30_000_000, doneBytes: 12_300_000 }],
      });
      const env = { ELIOT_RUN_DIR: device.runDirectory, TERM: 'xterm', NO_COLOR: '1' };
      const running = new EliRun(['image', 'pull', 'large:1'], { env, tty: true });
      await running.stderr.printed(/Pulling docker\.io\/library\/large:1/);
      await running.stderr.printed(/f{12} {2}\[=+>-+\] +12\.3MB\/30MB/);
      running.signal('SIGINT');
      assert.equal(await running.ended, 130);
      assert.ok(running.stderr.text.endsWith('\u001b[J'), 'nothing is left of the bars');
      await aborted.promise;
    });
  });

  describe('remove and prune', () => {
    it('refuse what a pod wants, and say which', async () => {
      await startTestPod(device.client, { name: 'holder', image: 'r.lan:5000/web:2' });
      const { exitCode, stderr } = await run('remove', 'r.lan:5000/web:2');
      assert.equal(exitCode, 1);
      assert.match(stderr, /image r\.lan:5000\/web:2 is in use by Pod default\/holder; delete that first\n/);
      assert.doesNotMatch(stderr, /try once more/);
    });

    it('take away what nothing wants, and say how much room that made', async () => {
      const dry = 'image/docker.io/library/busybox:1.36 removed (dry run)\nTotal reclaimed space: 4.26MB (dry run)\n';
      assert.equal(await ok('prune', '--dry-run'), dry);
      assert.equal(await ok('prune'), dry.replaceAll(' (dry run)', ''));
      assert.equal(await ok('prune'), 'Total reclaimed space: 0B\n');
      assert.match(await ok('list'), /loaded/);
      assert.equal(await ok('rm', 'cccc'), 'image/eliot.test/loaded:1 removed\n');
      assert.equal((await run('rm', 'cccc')).exitCode, 1);
    });
  });
});
