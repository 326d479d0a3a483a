import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { removeOlder } from './remove-older.ts';

const hourMs = 60 * 60 * 1_000;
const now = Date.UTC(2026, 5, 1);

describe('what lies about', () => {
  let directory: string;
  const make = async (name: string, changedMs: number): Promise<void> => {
    await mkdir(join(directory, name));
    await utimes(join(directory, name), changedMs / 1_000, changedMs / 1_000);
  };
  const left = async (): Promise<readonly string[]> => (await readdir(directory)).sort();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-older-'));
    await make('old', now - 25 * hourMs);
    await make('new', now - 23 * hourMs);
    await make('later', now + hourMs);
    await make('unset', hourMs);
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is removed when it is old; what comes from before the clock was set gets its time', async () => {
    await removeOlder(directory, 24 * hourMs, now);
    assert.deepEqual(await left(), ['later', 'new', 'unset']);
    assert.equal((await stat(join(directory, 'unset'))).mtimeMs, now);
    await removeOlder(join(directory, 'none'), 24 * hourMs, now);
  });

  it('stays when whoever may use it says so, and is removed at his word only', async () => {
    const asked: string[] = [];
    await removeOlder(directory, 22 * hourMs, now, async (name, remove) => {
      asked.push(name);
      if (name !== 'old') await remove();
    });
    assert.deepEqual(asked.sort(), ['later', 'new', 'old', 'unset']);
    assert.deepEqual(await left(), ['later', 'old', 'unset']);
  });

  it('may go by itself meanwhile', async () => {
    await removeOlder(directory, 24 * hourMs, now, async (name, remove) => {
      await rm(join(directory, name), { recursive: true });
      await remove();
    });
    assert.deepEqual(await left(), []);
  });

  it('stays while the clock is not set', async () => {
    await removeOlder(directory, 24 * hourMs, 2 * hourMs);
    assert.equal((await left()).length, 4);
  });
});
