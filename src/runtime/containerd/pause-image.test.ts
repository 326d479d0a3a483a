import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { unpackTar } from 'modern-tar';
import { ensurePauseImage, packPauseImage, pauseImageName } from './pause-image.ts';
import { readPauseImage } from './pause-program.ts';

const { signal } = new AbortController();
const pause = { architecture: 'arm64', program: Buffer.from('program') };

describe('the sandbox image', () => {
  it('is the same archive each time, with the program as its only file', async () => {
    const archive = await packPauseImage(pause);
    assert.deepEqual(await packPauseImage(pause), archive);
    const entries = new Map((await unpackTar(archive)).map((entry) => [entry.header.name, entry.data]));
    const [manifest] = JSON.parse(Buffer.from(entries.get('manifest.json') ?? []).toString());
    assert.deepEqual(manifest.RepoTags, [pauseImageName]);
    const config = JSON.parse(Buffer.from(entries.get(manifest.Config) ?? []).toString());
    assert.equal(config.architecture, 'arm64');
    assert.deepEqual(config.config.Entrypoint, ['/pause']);
    const layer = await unpackTar(entries.get(manifest.Layers[0]) ?? new Uint8Array());
    assert.deepEqual(
      layer.map(({ header, data }) => [header.name, header.mode, Buffer.from(data ?? []).toString()]),
      [['pause', 0o755, 'program']],
    );
  });

  it('is imported only when it is missing', async () => {
    const imported: Readable[] = [];
    const images = (isPresent: boolean) => ({
      status: async () =>
        isPresent ? { id: '', tags: [], digests: [], sizeBytes: 0, uid: 0, username: '' } : undefined,
      importArchive: async (archive: Readable) => {
        imported.push(archive);
        return [];
      },
    });
    await ensurePauseImage(images(true), pause, signal);
    assert.equal(imported.length, 0);
    await ensurePauseImage(images(false), pause, signal);
    assert.equal(imported.length, 1);
  });

  it('comes with a program of a few kilobytes for this machine', async () => {
    const { program } = await readPauseImage(resolve(import.meta.dirname, '../../../assets'));
    assert.ok(program.length > 100 && program.length < 5_000);
    assert.equal(Buffer.from(program.subarray(1, 4)).toString(), 'ELF');
  });
});
