import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readLogTail, trimLog } from './log-file.ts';

describe('containerd’s log', () => {
  let directory: string;
  let path: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-log-'));
    path = join(directory, 'containerd.log');
  });
  after(() => rm(directory, { recursive: true }));

  it('may be missing', async () => {
    await trimLog(path);
    assert.equal(await readLogTail(path, 100), '');
    await assert.rejects(stat(path), { code: 'ENOENT' });
  });

  it('is left alone while it is short', async () => {
    await writeFile(path, 'one\ntwo\n');
    await trimLog(path);
    assert.equal(await readFile(path, 'utf8'), 'one\ntwo\n');
    assert.equal(await readLogTail(path, 5), 'two');
  });

  it('keeps its last whole lines when it has grown too long, and grows on from there', async () => {
    const lines = Array.from({ length: 300_000 }, (_, index) => `line ${index} of containerd`);
    await writeFile(path, `${lines.join('\n')}\n`);
    await trimLog(path);
    const { size } = await stat(path);
    assert.ok(size <= 256 * 1024);
    const kept = (await readFile(path, 'utf8')).trimEnd().split('\n');
    assert.deepEqual(kept, lines.slice(-kept.length));
    await appendFile(path, 'next\n');
    assert.equal(await readLogTail(path, 4 + 1), 'next');
  });
});
