import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, createDeflate, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { spdyDictionary } from './dictionary.ts';
import { SpdyProtocolError } from './frame-parser.ts';
import { encodePairs, HeaderBlockReader, HeaderBlockWriter, type SpdyHeaders } from './header-block.ts';

/** Compresses as a client does: one state for all blocks of a connection. */
function createCompressor(): (headers: SpdyHeaders | Buffer) => Promise<Buffer> {
  const deflate = createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });
  const output: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => output.push(chunk));
  return async (headers) => {
    output.length = 0;
    const plain = Buffer.isBuffer(headers) ? headers : encodePairs(headers);
    await new Promise<void>((resolve) => deflate.write(plain, () => resolve()));
    return Buffer.concat(output);
  };
}

describe('spdyDictionary', () => {
  it('has the length and the checksum of the SPDY/3 draft', () => {
    let [low, high] = [1, 0];
    for (const byte of spdyDictionary) {
      low = (low + byte) % 65_521;
      high = (high + low) % 65_521;
    }
    assert.equal(spdyDictionary.length, 1_423);
    assert.equal((high * 65_536 + low).toString(16), 'e3c6a7c2');
  });
});

describe('HeaderBlockReader', () => {
  it('reads the blocks of a connection one after the other', async () => {
    const [compress, reader] = [createCompressor(), new HeaderBlockReader()];
    const blocks = [
      new Map([
        ['streamtype', 'data'],
        ['port', '8080'],
      ]),
      new Map(),
      new Map([['streamtype', 'error']]),
    ];
    for (const headers of blocks) assert.deepEqual(await reader.read(await compress(headers)), headers);
    reader.close();
  });

  it('reads any headers', async () => {
    const [compress, reader] = [createCompressor(), new HeaderBlockReader()];
    const text = fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' });
    const name = fc.stringMatching(/^[a-z-]{1,30}$/);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, text), { maxLength: 20 }), async (pairs) => {
        assert.deepEqual(await reader.read(await compress(new Map(pairs))), new Map(pairs));
      }),
    );
    reader.close();
  });

  it('takes names in any case', async () => {
    const [compress, reader] = [createCompressor(), new HeaderBlockReader()];
    const headers = await reader.read(await compress(new Map([['StreamType', 'Data']])));
    assert.equal(headers.get('streamtype'), 'Data');
    reader.close();
  });

  it('refuses a block that grows without bound', async () => {
    const [compress, reader] = [createCompressor(), new HeaderBlockReader()];
    const bomb = await compress(new Map([['name', 'x'.repeat(1_000_000)]]));
    assert.ok(bomb.length < 10_000);
    await assert.rejects(reader.read(bomb), SpdyProtocolError);
  });

  it('refuses what is not compressed, and everything after it', async () => {
    const reader = new HeaderBlockReader();
    await assert.rejects(reader.read(Buffer.from('no zlib stream')), SpdyProtocolError);
    await assert.rejects(reader.read(Buffer.from('no zlib stream')), SpdyProtocolError);
  });

  it('refuses lengths beyond the block', async () => {
    const [compress, reader] = [createCompressor(), new HeaderBlockReader()];
    await assert.rejects(reader.read(await compress(Buffer.from([0, 0, 0, 1, 0, 0, 0, 9, 65]))), SpdyProtocolError);
    reader.close();
  });

  it('refuses an empty block', async () => {
    const reader = new HeaderBlockReader();
    await assert.rejects(reader.read(Buffer.alloc(0)), SpdyProtocolError);
    reader.close();
  });
});

describe('HeaderBlockWriter', () => {
  it('writes one zlib stream that can be read block by block', async () => {
    const [writer, reader] = [new HeaderBlockWriter(), new HeaderBlockReader()];
    const headers = new Map([['name', 'value']]);
    assert.deepEqual(await reader.read(writer.write(headers)), headers);
    assert.deepEqual(await reader.read(writer.write(new Map())), new Map());
    reader.close();
  });

  it('ends each block with an empty stored one, without which Go waits for more', () => {
    const block = new HeaderBlockWriter().write(new Map());
    assert.deepEqual(block.subarray(-5), Buffer.from([0, 0, 0, 0xff, 0xff]));
    const plain = inflateSync(block, { finishFlush: constants.Z_SYNC_FLUSH });
    assert.deepEqual(plain, Buffer.alloc(4));
  });
});
