import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Bundle } from '../../api/kinds/bundle.ts';
import { createFiles } from '../../host/files.ts';
import { silentLogger } from '../../lib/logger.ts';
import { recordPath } from './bundle-record.ts';
import { KeptRecords } from './kept-records.ts';

const signal = new AbortController().signal;
const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

describe('records that no bundle refers to', () => {
  let directory: string;
  let bundles: Bundle[];
  let users: Map<string, readonly string[]>;
  let removed: string[];
  let isBusy: boolean;
  let beforeEachRecord: () => Promise<void>;
  let records: KeptRecords;

  const keep = async (letter: string, ...images: string[]): Promise<void> => {
    const path = recordPath(directory, 'shop', digestOf(letter));
    const about = { name: 'shop', version: letter, digest: digestOf(letter), bakeSeconds: 0, manifests: '{}', images };
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(about));
  };
  const want = (letter: string): void => {
    bundles = [{ metadata: { name: 'shop' }, spec: { version: letter, digest: digestOf(letter) } } as Bundle];
  };
  const sweep = (): Promise<boolean> => records.sweep(async () => bundles, signal);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-records-'));
    users = new Map();
    removed = [];
    isBusy = false;
    beforeEachRecord = async () => {};
    records = new KeptRecords({
      directory,
      files: createFiles(),
      log: silentLogger,
      removeImage: async (name) => void removed.push(name),
      imageUsers: async () => users,
      whileIdle: async (work) => {
        await beforeEachRecord();
        return isBusy ? undefined : await work();
      },
    });
    want('c');
    await keep('c', 'web@1');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('go with the images that nothing else wants', async () => {
    await keep('a', 'web@1', 'web@0');
    assert.equal(await sweep(), false);
    assert.deepEqual(removed, ['web@0']);
    assert.equal(await records.read('shop', digestOf('a')), undefined);
    assert.equal((await records.read('shop', digestOf('c')))?.version, 'c');
  });

  it('stay while something uses one of the images', async () => {
    await keep('a', 'web@0');
    users.set('web@0', ['pod default/old']);
    assert.equal(await sweep(), true);
    assert.deepEqual(removed, []);
  });

  it('stay while a bundle is taken in', async () => {
    await keep('a', 'web@0');
    isBusy = true;
    assert.equal(await sweep(), true);
    assert.deepEqual(removed, []);
  });

  it('stay when a bundle that came since the sweep began brought them back, or brought an image of theirs', async () => {
    await keep('a', 'web@0', 'db@0');
    await keep('b', 'web@0', 'db@1');
    let looks = 0;
    beforeEachRecord = async () => {
      looks += 1;
      if (looks === 1) want('a');
    };
    assert.equal(await sweep(), false);
    assert.deepEqual(removed, ['db@1']);
    assert.equal((await records.read('shop', digestOf('a')))?.version, 'a');
  });
});
