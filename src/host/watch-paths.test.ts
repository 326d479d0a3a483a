import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { watchPaths } from './watch-paths.ts';

describe('watching a path', () => {
  let directory: string;
  let stop: AbortController;
  let changes: number;
  const at = (name: string): string => join(directory, name);
  const count = (): void => {
    changes += 1;
  };
  const watchFile = (name: string): void => watchPaths([at(name)], count, stop.signal);
  /** Does something and waits until it was noticed. */
  const noticed = async (act: () => void): Promise<void> => {
    const before = changes;
    act();
    for (let turn = 0; changes === before; turn += 1) {
      assert.ok(turn < 1_000, 'not noticed within 10 s');
      await delay(10);
    }
    // What belongs to this change must not count for the next one.
    await delay(30);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watch-paths-'));
    stop = new AbortController();
    changes = 0;
  });
  afterEach(() => {
    stop.abort();
    rmSync(directory, { recursive: true });
  });

  it('notices a file that is written, replaced, removed and made again', async () => {
    writeFileSync(at('file'), 'a');
    watchFile('file');
    await noticed(() => writeFileSync(at('file'), 'b'));
    writeFileSync(at('new'), 'c');
    await noticed(() => renameSync(at('new'), at('file')));
    await noticed(() => writeFileSync(at('file'), 'd'));
    await noticed(() => rmSync(at('file')));
    await noticed(() => writeFileSync(at('file'), 'e'));
  });

  it('notices the file behind links, and a link that leads elsewhere', async () => {
    for (const name of ['one', 'two']) {
      mkdirSync(at(name));
      writeFileSync(at(`${name}/file`), name);
    }
    symlinkSync('one/file', at('link'));
    watchFile('link');
    await noticed(() => writeFileSync(at('one/file'), 'changed'));
    symlinkSync('two/file', at('new'));
    await noticed(() => renameSync(at('new'), at('link')));
    await noticed(() => writeFileSync(at('two/file'), 'changed'));
  });

  it('notices a file in a directory that is made later', async () => {
    watchFile('later/deep/file');
    await noticed(() => mkdirSync(at('later')));
    await noticed(() => mkdirSync(at('later/deep')));
    await noticed(() => writeFileSync(at('later/deep/file'), 'x'));
  });

  it('notices a file again whose directory was removed and made anew', async () => {
    mkdirSync(at('some'));
    writeFileSync(at('some/file'), 'a');
    watchFile('some/file');
    await noticed(() => rmSync(at('some/file')));
    await noticed(() => rmSync(at('some'), { recursive: true }));
    await noticed(() => mkdirSync(at('some')));
    await noticed(() => writeFileSync(at('some/file'), 'b'));
  });

  it('says nothing of other files, nor after its end', async () => {
    writeFileSync(at('file'), 'a');
    watchFile('file');
    writeFileSync(at('other'), 'a');
    await noticed(() => writeFileSync(at('file'), 'b'));
    stop.abort();
    const before = changes;
    writeFileSync(at('file'), 'c');
    await delay(50);
    assert.equal(changes, before);
  });
});
