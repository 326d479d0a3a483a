import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { collectPieces } from './collect-pieces.ts';
import { decompress, decompressed } from './decompress.ts';
import { isStatusError } from './status-error.ts';

const plain = Buffer.from('the same words '.repeat(10_000));

function stream(data: Uint8Array, pieceBytes = 1000): Readable {
  const pieces = function* (): Generator<Uint8Array> {
    for (let start = 0; start < data.length; start += pieceBytes) yield data.subarray(start, start + pieceBytes);
  };
  return Readable.from(pieces(), { objectMode: false });
}

describe('a stream that may be compressed', () => {
  for (const [compression, data] of [
    ['none', plain],
    ['gzip', gzipSync(plain)],
    ['zstd', zstdCompressSync(plain)],
  ] as const) {
    it(`is known as ${compression} by its first bytes, however they come, and is read plain`, async () => {
      for (const pieceBytes of [1, 3, 100_000]) {
        const found = await decompress(stream(data, pieceBytes), 'it');
        assert.equal(found.compression, compression);
        assert.deepEqual(await collectPieces(found.content), plain);
      }
    });

    it(`ends with who reads it (${compression})`, async () => {
      const source = stream(data);
      for await (const _piece of decompressed(source, 'it')) break;
      assert.equal(source.destroyed, true);
    });
  }

  it('is plain when it is too short to be anything else', async () => {
    for (const short of ['', 'a', 'abc']) {
      assert.equal((await collectPieces(decompressed(stream(Buffer.from(short)), 'it'))).toString(), short);
    }
  });

  it('is damaged when it ends early or has other bytes, and is named then', async () => {
    for (const packed of [gzipSync(plain), zstdCompressSync(plain)]) {
      const changed = Buffer.from(packed);
      changed.fill(0xaa, 20, 40);
      for (const broken of [packed.subarray(0, packed.length / 2), changed]) {
        await assert.rejects(
          collectPieces(decompressed(stream(broken), 'web.tar')),
          (error) => isStatusError(error, 'Invalid') && /^web\.tar is damaged: ./.test(error.message),
        );
      }
    }
  });

  it('fails as its source does', async () => {
    const lost = new Error('the connection was lost');
    const breaking = async function* (): AsyncGenerator<Uint8Array> {
      yield gzipSync(plain).subarray(0, 30);
      throw lost;
    };
    await assert.rejects(collectPieces(decompressed(breaking(), 'it')), (error) => error === lost);
  });
});
