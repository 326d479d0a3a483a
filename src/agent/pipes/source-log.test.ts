import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { createLogFiles } from '../../host/log-files.ts';
import type { LogChainFiles } from '../logs/log-chain.ts';
import type { LogPosition } from './log-position.ts';
import { listRuns } from './source-files.ts';
import { SourceLog } from './source-log.ts';
import { findLineStart } from './walk-back.ts';

const line = (text: string | Buffer, tag = 'F', stream = 'stdout'): Buffer =>
  Buffer.concat([Buffer.from(`2026-01-01T00:00:00.5Z ${stream} ${tag} `), Buffer.from(text), Buffer.from('\n')]);

describe('what a container has printed', () => {
  let directory: string;
  let growing: Set<string>;
  const opened: SourceLog[] = [];
  const files = createLogFiles('nobody');
  const run = (number: number): string => join(directory, `${number}.log`);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-source-'));
    growing = new Set();
  });
  afterEach(async () => {
    for (const log of opened.splice(0)) await log.close();
    await rm(directory, { recursive: true, force: true });
  });

  const open = (position?: LogPosition, from: LogChainFiles = files): SourceLog => {
    const runs = () => listRuns({ ...files, names: (path) => readdir(path) }, [directory]);
    const log = new SourceLog({ files: from, runs, mayGrow: (path) => growing.has(path) }, position);
    opened.push(log);
    return log;
  };
  const readAll = async (log: SourceLog, pieceBytes = 4_096): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for (let piece = await log.peek(pieceBytes); piece !== undefined; piece = await log.peek(pieceBytes)) {
      log.accept(piece);
      parts.push(piece.bytes);
    }
    return Buffer.concat(parts);
  };
  const textOf = async (log: SourceLog): Promise<string> => (await readAll(log)).toString();

  it('is nothing as long as there is no log', async () => {
    const log = open();
    assert.equal(await log.peek(10), undefined);
    assert.equal(log.position, undefined);
    await writeFile(run(0), line('one'));
    assert.equal(await textOf(log), 'one\n');
  });

  it('is its stdout alone, with pieces of lines joined', async () => {
    await writeFile(
      run(0),
      Buffer.concat([line('a', 'P'), line('x', 'F', 'stderr'), line('b', 'P'), line('c'), line('')]),
    );
    assert.equal(await textOf(open()), 'abc\n\n');
  });

  it('is any bytes', async () => {
    const bytes = Buffer.from([0, 0xff, 0x0d, 0x20, 0xc3]);
    await writeFile(run(0), line(bytes));
    assert.deepEqual(await readAll(open()), Buffer.concat([bytes, Buffer.from('\n')]));
  });

  it('leaves out what is not in the format, however long', async () => {
    await writeFile(run(0), Buffer.concat([line('one'), Buffer.alloc(100_000), Buffer.from('x\n'), line('two')]));
    assert.equal(await textOf(open()), 'one\ntwo\n');
  });

  it('waits for a line that is just being written', async () => {
    growing.add(run(0));
    const whole = line('one');
    await writeFile(run(0), whole.subarray(0, 30));
    const log = open();
    assert.equal(await textOf(log), '');
    await appendFile(run(0), whole.subarray(30));
    assert.equal(await textOf(log), 'one\n');
  });

  it('goes on through rotated files and through runs', async () => {
    await writeFile(`${run(0)}.20260101-000001`, line('one'));
    await writeFile(`${run(0)}.20260101-000002`, line('two'));
    await writeFile(run(0), line('three'));
    await writeFile(run(10), line('five'));
    await writeFile(run(9), line('four'));
    assert.equal(await textOf(open()), 'one\ntwo\nthree\nfour\nfive\n');
  });

  it('goes on in the new file when the log is rotated while it is read', async () => {
    growing.add(run(0));
    await writeFile(run(0), line('one'));
    const log = open();
    assert.equal(await textOf(log), 'one\n');
    await appendFile(run(0), line('two'));
    await rename(run(0), `${run(0)}.20260101-000001`);
    await appendFile(`${run(0)}.20260101-000001`, line('three'));
    await writeFile(run(0), line('four'));
    assert.equal(await textOf(log), 'two\nthree\nfour\n');
  });

  it('stays with a rotated file until the runtime has let go of it', async () => {
    growing.add(run(0));
    const old = `${run(0)}.20260101-000001`;
    await writeFile(old, line('one'));
    await writeFile(run(0), line('three'));
    let isWritten = true;
    const log = open(undefined, {
      ...files,
      open: async (path) => {
        const file = await files.open(path);
        return file && { ...file, isBeingWritten: async () => isWritten };
      },
    });
    assert.equal(await textOf(log), 'one\n');
    assert.equal(log.isHandingOver, true);
    await appendFile(old, line('two'));
    isWritten = false;
    assert.equal(await textOf(log), 'two\nthree\n');
    assert.equal(log.isHandingOver, false);
  });

  it('stays with a run until its log is complete', async () => {
    growing.add(run(0));
    await writeFile(run(0), line('one'));
    await writeFile(run(1), line('three'));
    const log = open();
    assert.equal(await textOf(log), 'one\n');
    await appendFile(run(0), line('two'));
    growing.delete(run(0));
    assert.equal(await textOf(log), 'two\nthree\n');
  });

  it('ends a line within which a run ended, once another run says something', async () => {
    await writeFile(run(0), Buffer.concat([line('one'), line('half', 'P')]));
    const log = open();
    assert.equal(await textOf(log), 'one\nhalf');
    await writeFile(run(1), line('two'));
    assert.equal(await textOf(log), '\ntwo\n');
    await writeFile(run(2), line('three'));
    assert.equal(await textOf(log), 'three\n');
  });

  it('goes on with what is written when runs are counted anew', async () => {
    await writeFile(run(3), line('one'));
    const log = open();
    assert.equal(await textOf(log), 'one\n');
    growing.add(run(0));
    await writeFile(run(0), line('two'));
    assert.equal(await textOf(log), 'two\n');
    await rm(run(3));
    const gone = { run: run(3), inode: 1, offset: 0, skip: 0, isMidLine: false };
    assert.equal(await textOf(open(gone)), 'two\n');
  });

  it('begins anew when somebody emptied the file', async () => {
    growing.add(run(0));
    await writeFile(run(0), line('a rather long line'));
    const log = open();
    await readAll(log);
    await writeFile(run(0), line('two'));
    assert.equal(await textOf(log), 'two\n');
  });

  it('goes on where it was though the file is renamed while it is looked for', async () => {
    await writeFile(`${run(0)}.20260101-000001`, line('one'));
    await writeFile(run(0), line('two'));
    const log = open();
    await readAll(log);
    await appendFile(run(0), line('three'));
    let looks = 0;
    const racing = {
      ...files,
      list: async (path: string) => {
        looks += 1;
        const found = await files.list(path);
        // The names were read before, and the identities after.
        return looks === 1 ? found.filter((entry) => entry.path !== path) : found;
      },
    };
    const resumed = new SourceLog({ files: racing, runs: async () => [run(0)], mayGrow: () => true }, log.position);
    opened.push(resumed);
    assert.equal(await textOf(resumed), 'three\n');
  });

  it('goes on with the oldest that is left when its place was removed', async () => {
    await writeFile(run(0), Buffer.concat([line('one'), line('half', 'P')]));
    const log = open();
    await readAll(log);
    await log.close();
    await rm(run(0));
    await mkdir(join(directory, 'other'));
    await writeFile(run(3), line('later'));
    const resumed = open(log.position);
    assert.equal(await textOf(resumed), '\nlater\n');
    assert.equal(resumed.hasLostPlace, true);
  });

  it('goes on at the end of a file that a power cut has shortened', async () => {
    await writeFile(run(0), Buffer.concat([line('one'), line('two')]));
    const log = open();
    await readAll(log);
    await log.close();
    await writeFile(run(0), line('one'));
    await writeFile(run(1), line('three'));
    assert.equal(await textOf(open(log.position)), 'three\n');
  });

  it('is the same whatever pieces it is taken in, and wherever one goes on', async () => {
    const entries = fc.array(
      fc.record({
        text: fc
          .oneof(fc.string({ maxLength: 8 }), fc.string({ minLength: 2_000, maxLength: 9_000 }))
          .map((text) => text.replaceAll('\n', '_')),
        tag: fc.constantFrom('F', 'P'),
        isNewFile: fc.boolean(),
        isNewRun: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(
        entries,
        fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 5 }),
        async (all, sizes) => {
          await rm(directory, { recursive: true });
          await mkdir(directory);
          let number = 0;
          let rotations = 0;
          let expected = '';
          for (const { text, tag, isNewFile, isNewRun } of all) {
            if (isNewRun) {
              number += 1;
              if (expected !== '' && !expected.endsWith('\n')) expected += '\n';
            } else if (isNewFile) {
              rotations += 1;
              const old = `${run(number)}.20260101-${String(rotations).padStart(6, '0')}`;
              await rename(run(number), old).catch(() => {});
            }
            await appendFile(run(number), line(text, tag));
            expected += tag === 'F' ? `${text}\n` : text;
          }
          const got: Buffer[] = [];
          let log = open();
          for (let turn = 0; ; turn += 1) {
            const piece = await log.peek(sizes[turn % sizes.length] ?? 1);
            if (piece === undefined) break;
            got.push(piece.bytes);
            log.accept(piece);
            if (turn % 3 === 2) {
              await log.close();
              log = open(piece.next);
            }
          }
          assert.equal(Buffer.concat(got).toString(), expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  describe('finding a line in it', () => {
    const startOf = async (text: string, bytes: number): Promise<number | undefined> => {
      await writeFile(
        run(0),
        Buffer.concat(
          text
            .split('\n')
            .slice(0, -1)
            .map((each) => line(each)),
        ),
      );
      return (await findLineStart(open(), bytes))?.bytes;
    };

    for (const [bytes, start] of [
      [0, 0],
      [2, 0],
      [4, 4],
      [5, 4],
      [11, 8],
      [99, 12],
    ] as const) {
      it(`goes ${bytes} bytes far, and back to the start of the line`, async () => {
        assert.equal(await startOf('one\ntwo\nsix\n', bytes), start);
      });
    }

    it('stays at the byte of a line that began before', async () => {
      await writeFile(run(0), Buffer.concat([line('abc', 'P'), line('def', 'P')]));
      const log = open();
      const first = await log.peek(1);
      assert.ok(first);
      assert.equal((await findLineStart(open(first.next), 3))?.bytes, 3);
    });

    it('gives the oldest that is left when the place to count from was removed', async () => {
      await writeFile(run(1), Buffer.concat([line('one'), line('two')]));
      const gone = { run: run(0), inode: 1, offset: 0, skip: 0, isMidLine: false };
      const found = await findLineStart(open(gone), 5);
      assert.deepEqual([found?.position.run, found?.position.offset, found?.bytes], [run(1), 0, 0]);
    });
  });
});
