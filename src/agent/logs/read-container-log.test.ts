import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogFiles } from '../../host/log-files.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Collector } from '../../testing/runtime-fixtures.ts';
import { type LogWriterState, type ReadLogOptions, readContainerLog } from './read-container-log.ts';

const plain: ReadLogOptions = {
  follow: false,
  tailLines: undefined,
  timestamps: false,
  sinceMs: undefined,
  limitBytes: undefined,
};

/** A container that ends when told to. */
class Writer implements LogWriterState {
  readonly #listeners = new Set<() => void>();
  #hasEnded = false;

  hasEnded(): boolean {
    return this.#hasEnded;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  end(): void {
    this.#hasEnded = true;
    for (const listener of this.#listeners) listener();
  }
}

function line(text: string, second = 0, tag = 'F'): string {
  return `2026-01-01T00:00:0${second}.5Z stdout ${tag} ${text}\n`;
}

describe('readContainerLog', () => {
  let directory: string;
  let path: string;
  let writer: Writer;
  let stop: AbortController;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-log-'));
    path = join(directory, '0.log');
    writer = new Writer();
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort();
    await rm(directory, { recursive: true, force: true });
  });

  // The clock never moves: what arrives was announced by the system, not found by looking now and then.
  const read = (options: Partial<ReadLogOptions>, clock = new FakeClock()): Readable =>
    readContainerLog({ files: createLogFiles('nobody'), clock }, path, { ...plain, ...options }, writer, stop.signal);

  const textOf = async (options: Partial<ReadLogOptions>): Promise<string> =>
    Buffer.concat(await read(options).toArray()).toString();

  /** Follows into a collector; `done` resolves when the log has ended. */
  const follow = (options: Partial<ReadLogOptions> = {}, clock = new FakeClock()) => {
    const shown = new Collector();
    const stream = read({ follow: true, ...options }, clock);
    const done = new Promise<void>((resolve) => stream.once('close', resolve));
    stream.pipe(shown);
    return { shown, stream, done };
  };

  it('shows the text of all lines', async () => {
    await writeFile(path, line('one') + line('') + line('two'));
    assert.equal(await textOf({}), 'one\n\ntwo\n');
  });

  it('shows nothing when there is no file', async () => {
    assert.equal(await textOf({}), '');
  });

  it('joins the pieces of a long line', async () => {
    await writeFile(path, line('aaa', 0, 'P') + line('bbb', 0, 'P') + line('ccc'));
    assert.equal(await textOf({}), 'aaabbbccc\n');
  });

  it('leaves an unfinished last line without a newline', async () => {
    await writeFile(path, line('one') + line('two', 0, 'P'));
    assert.equal(await textOf({}), 'one\ntwo');
  });

  it('leaves out what is not in the format', async () => {
    await writeFile(path, `${line('one')}garbage\n\0\0\0\n${line('two')}`);
    assert.equal(await textOf({}), 'one\ntwo\n');
  });

  it('puts the time before each line, once for a long one', async () => {
    await writeFile(path, line('aaa', 1, 'P') + line('bbb', 2) + line('two', 3));
    const times = ['2026-01-01T00:00:01.500000000Z', '2026-01-01T00:00:03.500000000Z'];
    assert.equal(await textOf({ timestamps: true }), `${times[0]} aaabbb\n${times[1]} two\n`);
  });

  it('begins at a time', async () => {
    await writeFile(path, line('old', 1) + line('new', 2) + line('newer', 3));
    assert.equal(await textOf({ sinceMs: Date.UTC(2026, 0, 1, 0, 0, 2, 500) }), 'new\nnewer\n');
  });

  it('shows the last lines', async () => {
    await writeFile(path, line('one') + line('two') + line('three'));
    assert.equal(await textOf({ tailLines: 2 }), 'two\nthree\n');
    assert.equal(await textOf({ tailLines: 0 }), '');
  });

  it('stops at the limit in bytes, in the middle of a line', async () => {
    await writeFile(path, line('12345') + line('67890'));
    assert.equal(await textOf({ limitBytes: 8 }), '12345\n67');
  });

  it('carries a large log unchanged', async () => {
    const text = 'x'.repeat(5_000);
    await writeFile(path, line(text).repeat(400));
    assert.equal(await textOf({}), `${text}\n`.repeat(400));
  });

  it('follows a log as it grows, and ends with its container', async () => {
    await writeFile(path, line('one'));
    const { shown, done } = follow();
    await shown.until('one\n');
    await appendFile(path, line('two'));
    await shown.until('two\n');
    await appendFile(path, line('last'));
    writer.end();
    await done;
    assert.equal(shown.text, 'one\ntwo\nlast\n');
    assert.equal(writer.listeners, 0);
  });

  it('shows a line when it is complete, not before', async () => {
    const whole = line('one');
    await writeFile(path, whole.slice(0, 20));
    const { shown } = follow();
    await appendFile(path, whole.slice(20) + line('two'));
    await shown.until('two\n');
    assert.equal(shown.text, 'one\ntwo\n');
  });

  it('follows only what is new with tailLines 0', async () => {
    await writeFile(path, line('old'));
    const clock = new FakeClock();
    const { shown } = follow({ tailLines: 0 }, clock);
    while (clock.sleeping === 0) await nextTurn();
    await appendFile(path, line('new'));
    await shown.until('new\n');
    assert.equal(shown.text, 'new\n');
  });

  it('waits for a file that is not there yet', async () => {
    const { shown } = follow();
    await writeFile(path, line('one'));
    await shown.until('one\n');
  });

  it('goes on in the new file after a rotation, with nothing lost', async () => {
    await writeFile(path, line('one'));
    const { shown } = follow();
    await shown.until('one\n');
    await appendFile(path, line('two'));
    await rename(path, `${path}.1`);
    await appendFile(`${path}.1`, line('three'));
    await writeFile(path, line('four'));
    await shown.until('four\n');
    assert.equal(shown.text, 'one\ntwo\nthree\nfour\n');
  });

  it('stays with a rotated file while the runtime still writes what it had in hand', async () => {
    await writeFile(path, line('one'));
    const clock = new FakeClock();
    const files = createLogFiles('nobody');
    let looks = 0;
    let isWritten = true;
    const open = async (name: string) => {
      const file = await files.open(name);
      const isBeingWritten = async (): Promise<boolean> => {
        looks += 1;
        return isWritten;
      };
      return file && { ...file, isBeingWritten };
    };
    const shown = new Collector();
    readContainerLog({ files: { ...files, open }, clock }, path, { ...plain, follow: true }, writer, stop.signal).pipe(
      shown,
    );
    await shown.until('one\n');
    await rename(path, `${path}.20260101-000001`);
    await writeFile(path, line('three'));
    while (looks === 0) await nextTurn();
    await appendFile(`${path}.20260101-000001`, line('two'));
    isWritten = false;
    while (!shown.text.includes('three')) {
      clock.advance(20);
      await nextTurn();
    }
    assert.equal(shown.text, 'one\ntwo\nthree\n');
  });

  describe('of which rotation keeps older files', () => {
    const older = (index: number): string => `${path}.20260101-00000${index}`;

    beforeEach(async () => {
      await writeFile(older(1), line('one', 1) + line('two', 1));
      await writeFile(older(2), line('three', 3) + line('four', 4, 'P'));
      await writeFile(path, line('five', 5));
    });

    it('shows all that is kept, in order, and joins a line that two files have', async () => {
      assert.equal(await textOf({}), 'one\ntwo\nthree\nfourfive\n');
    });

    it('counts the last lines over all files', async () => {
      assert.equal(await textOf({ tailLines: 1 }), 'five\n');
      await writeFile(path, '');
      assert.equal(await textOf({ tailLines: 3 }), 'two\nthree\nfour');
      assert.equal(await textOf({ tailLines: 99 }), 'one\ntwo\nthree\nfour');
      assert.equal(await textOf({ tailLines: 0 }), '');
    });

    it('begins with the file that has the time', async () => {
      assert.equal(await textOf({ sinceMs: Date.UTC(2026, 0, 1, 0, 0, 3, 500) }), 'three\nfourfive\n');
    });

    it('shows what is kept while the newest output is dropped', async () => {
      await rename(path, older(3));
      await symlink('/dev/null', path);
      assert.equal(await textOf({ tailLines: 3 }), 'three\nfourfive\n');
    });

    it('follows through several rotations, though it is slower than they are', async () => {
      const { shown, stream } = follow({ tailLines: 1 });
      await shown.until('five\n');
      stream.pause();
      for (let index = 3; index < 6; index += 1) {
        await appendFile(path, line(`end of ${index}`));
        await rename(path, older(index));
        await writeFile(path, line(`start of ${index + 1}`));
      }
      stream.resume();
      await shown.until('start of 6\n');
      assert.equal(shown.text, 'five\nend of 3\nstart of 4\nend of 4\nstart of 5\nend of 5\nstart of 6\n');
    });

    it('goes on with the oldest file there is when its own was removed', async () => {
      await writeFile(path, line('x'.repeat(200_000)));
      const clock = new FakeClock();
      const { shown } = follow({ tailLines: 0 }, clock);
      while (clock.sleeping === 0) await nextTurn();
      await rename(path, older(3));
      await rm(older(3));
      await writeFile(path, line('new'));
      await shown.until('new\n');
    });
  });

  it('goes on from the start after the file was emptied', async () => {
    await writeFile(path, line('a rather long first line'));
    const clock = new FakeClock();
    const { shown } = follow({}, clock);
    await shown.until('first line\n');
    while (clock.sleeping === 0) await nextTurn();
    await truncate(path);
    await appendFile(path, line('two'));
    await shown.until('two\n');
  });

  it('ends with its container also after the file was removed', async () => {
    await writeFile(path, line('one'));
    const { shown, done } = follow();
    await shown.until('one\n');
    await rm(path);
    writer.end();
    await done;
    assert.equal(shown.text, 'one\n');
  });

  it('ends at once for a container that has ended', async () => {
    await writeFile(path, line('one'));
    writer.end();
    assert.equal(await textOf({ follow: true }), 'one\n');
  });

  it('sleeps while nothing happens', async () => {
    await writeFile(path, line('one'));
    const clock = new FakeClock();
    const { shown } = follow({}, clock);
    await shown.until('one\n');
    while (clock.sleeping === 0) await nextTurn();
    assert.equal(clock.sleeping, 1);
  });

  it('finds what the system did not announce by looking now and then', async () => {
    await writeFile(path, line('one'));
    const clock = new FakeClock();
    const files = { ...createLogFiles('nobody'), watch: () => () => {} };
    const shown = new Collector();
    readContainerLog({ files, clock }, path, { ...plain, follow: true }, writer, stop.signal).pipe(shown);
    await shown.until('one\n');
    await appendFile(path, line('two'));
    while (clock.sleeping === 0) await nextTurn();
    clock.advance(1_000);
    await shown.until('two\n');
  });

  it('lets go of everything when its reader goes', async () => {
    await writeFile(path, line('one'));
    const { shown, stream } = follow();
    await shown.until('one\n');
    stream.destroy();
    while (writer.listeners > 0) await nextTurn();
  });

  it('ends when its signal aborts', async () => {
    await writeFile(path, line('one'));
    const { shown, done } = follow();
    await shown.until('one\n');
    stop.abort();
    await done;
  });
});
