import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readKeyFiles } from './read-key-files.ts';

describe('a directory of keys', () => {
  it('gives the text of each .pem file, and leaves out what is hidden or called otherwise', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'eliot-keys-'));
    for (const name of ['b.pem', 'a.pem', '.c.pem', 'README'])
      await writeFile(join(directory, name), `text of ${name}`);
    assert.deepEqual(
      [...(await readKeyFiles(directory))],
      [
        ['a', 'text of a.pem'],
        ['b', 'text of b.pem'],
      ],
    );
    await rm(directory, { recursive: true });
  });

  it('that is not there has none', async () => {
    assert.deepEqual([...(await readKeyFiles('/nowhere/keys'))], []);
  });
});
