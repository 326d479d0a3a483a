import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findTail } from './find-tail.ts';
import type { LogFile } from './log-files.ts';

const head = '2026-01-01T00:00:00Z stdout';

/** A file in memory that counts what is read of it. */
function memoryFile(content: string): LogFile & { readonly readBytes: () => number } {
  const bytes = Buffer.from(content);
  let readBytes = 0;
  return {
    inode: 1,
    readSize: async () => bytes.length,
    isBeingWritten: async () => false,
    read: async (buffer, position) => {
      const copied = bytes.copy(buffer, 0, position, Math.min(bytes.length, position + buffer.length));
      readBytes += copied;
      return copied;
    },
    close: async () => {},
    readBytes: () => readBytes,
  };
}

async function tailOf(content: string, lines: number): Promise<string> {
  return Buffer.from(content).toString('utf8', (await findTail(memoryFile(content), lines)).position);
}

describe('findTail', () => {
  const three = `${head} F one\n${head} F two\n${head} F three\n`;

  for (const [lines, expected] of [
    [0, ''],
    [1, `${head} F three\n`],
    [2, `${head} F two\n${head} F three\n`],
    [3, three],
    [99, three],
  ] as const) {
    it(`finds the last ${lines} of three lines`, async () => assert.equal(await tailOf(three, lines), expected));
  }

  it('says how many lines it found', async () => {
    for (const [wanted, found] of [
      [2, 2],
      [3, 3],
      [99, 3],
    ] as const) {
      assert.equal((await findTail(memoryFile(three), wanted)).lines, found);
    }
  });

  it('finds nothing in an empty file', async () => {
    assert.deepEqual(await findTail(memoryFile(''), 5), { position: 0, lines: 0 });
  });

  it('counts a line that is just being written', async () => {
    assert.equal(await tailOf(`${head} F one\n${head} F tw`, 1), `${head} F tw`);
  });

  it('counts the pieces of a long line as one', async () => {
    const long = `${head} P aaa\n${head} P bbb\n${head} F ccc\n`;
    assert.equal(await tailOf(`${head} F one\n${long}${head} F two\n`, 2), `${long}${head} F two\n`);
  });

  it('counts an unfinished last line as one', async () => {
    assert.equal(await tailOf(`${head} F one\n${head} P aaa\n${head} P bbb\n`, 1), `${head} P aaa\n${head} P bbb\n`);
  });

  it('reads one block of a large file', async () => {
    const file = memoryFile(`${head} F line\n`.repeat(100_000));
    await findTail(file, 10);
    assert.ok(file.readBytes() <= 65_536, `${file.readBytes()} bytes`);
  });

  it('agrees with counting from the front, whatever the lengths of lines', async () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 0, max: 14 }), fc.boolean(), async (sizes, count, isCut) => {
        const lines = sizes.map((size) => `${head} F ${'x'.repeat(size)}\n`);
        const content = isCut ? lines.join('').slice(0, -1) : lines.join('');
        const expected = count === 0 ? '' : lines.slice(-count).join('');
        assert.equal(await tailOf(content, count), isCut ? expected.slice(0, -1) : expected);
      }),
      { numRuns: 100 },
    );
  });
});
