import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteReader } from './byte-reader.ts';
import { collectPieces } from './collect-pieces.ts';

const bytes = Buffer.from('the bytes of a stream');

function* pieces(): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 4) yield bytes.subarray(start, start + 4);
}

async function* piecesInTime(): AsyncGenerator<Uint8Array> {
  yield* pieces();
}

describe('a reader of bytes', () => {
  for (const [name, source] of [
    ['at hand', pieces],
    ['that come', piecesInTime],
  ] as const) {
    it(`gives as many as are wanted of pieces ${name}, and fewer only at the end`, async () => {
      const reader = new ByteReader(source());
      assert.equal((await reader.read(5)).toString(), 'the b');
      assert.equal(await reader.skip(6), 6);
      assert.equal(reader.readBytes, 11);
      assert.equal((await collectPieces(reader.stream(3))).toString(), 'f a');
      assert.equal((await reader.readSome(1)).length, 1);
      assert.equal(await reader.skip(1_000), 6);
      assert.equal((await reader.read(1)).length, 0);
      assert.equal((await reader.readSome(1)).length, 0);
      assert.equal(reader.readBytes, bytes.length);
    });
  }

  it('tells the source that nobody reads on, and gives nothing more then', async () => {
    let isOver = false;
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* pieces();
      } finally {
        isOver = true;
      }
    };
    const reader = new ByteReader(watched());
    await reader.read(1);
    await reader.close();
    assert.equal(isOver, true);
    assert.equal((await reader.read(1)).length, 0);
  });

  it('gives bytes that stay as they are when the source uses its memory again', async () => {
    const memory = Buffer.alloc(2);
    const reader = new ByteReader(
      (function* () {
        for (const byte of [1, 2]) yield memory.fill(byte);
      })(),
    );
    const first = await reader.read(2);
    await reader.read(2);
    assert.deepEqual([...first], [1, 1]);
  });
});
