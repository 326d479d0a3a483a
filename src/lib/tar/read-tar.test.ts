import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../status-error.ts';
import { readTar } from './read-tar.ts';
import { type TarFile, writeTar } from './write-tar.ts';

const file = (name: string, content: Uint8Array): TarFile => ({
  name,
  sizeBytes: content.length,
  content: () => [content],
});

const contents = [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(1024, 7)];
const archive = Buffer.concat(
  await Array.fromAsync(writeTar(contents.map((content, index) => file(`blobs/${index}`, content)))),
);

async function read(data: Uint8Array, pieceBytes = 700): Promise<[string, string][]> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < data.length; start += pieceBytes) yield data.subarray(start, start + pieceBytes);
  };
  const found: [string, string][] = [];
  for await (const entry of readTar(pieces(), 'the archive')) {
    found.push([entry.name, Buffer.concat(await Array.fromAsync(entry.content())).toString('hex')]);
  }
  return found;
}

const isInvalid = (error: unknown): boolean => isStatusError(error, 'Invalid') && /^the archive /.test(error.message);

describe('reading a tar archive of our own', () => {
  const expected = contents.map((content, index) => [`blobs/${index}`, content.toString('hex')]);

  for (const pieceBytes of [1, 511, 512, 100_000]) {
    it(`gives what was written, in pieces of ${pieceBytes}`, async () => {
      assert.deepEqual(await read(archive, pieceBytes), expected);
    });
  }

  it('passes over contents that nobody reads', async () => {
    const names: string[] = [];
    for await (const { name } of readTar(
      (async function* () {
        yield archive;
      })(),
      'the archive',
    ))
      names.push(name);
    assert.deepEqual(names, ['blobs/0', 'blobs/1', 'blobs/2']);
  });

  it('refuses it wherever it ends early, also in the zeros at its end', async () => {
    for (let length = 0; length < archive.length; length += 7) {
      await assert.rejects(read(archive.subarray(0, length)), isInvalid, `cut after ${length}`);
    }
    await assert.rejects(read(archive.subarray(0, -1)), isInvalid);
  });

  it('never gives the same files when one byte is another', async () => {
    for (let at = 0; at < archive.length; at += 1) {
      const changed = Buffer.from(archive);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const found = await read(changed, 4096).catch((error: unknown) => {
        assert.ok(isInvalid(error), `byte ${at}: ${error}`);
      });
      assert.notDeepEqual(found, expected, `byte ${at}`);
    }
  });

  it('refuses what follows its end', async () => {
    await assert.rejects(read(Buffer.concat([archive, Buffer.alloc(1)])), /goes on after its end/);
  });

  it('says of something else that it is none', async () => {
    await assert.rejects(read(Buffer.alloc(600, 'x')), /^StatusError: the archive is none$/);
  });
});
