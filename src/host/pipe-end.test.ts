import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openPipeEnd } from './pipe-end.ts';

describe('the end of a pipe', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-pipe-'));
  const path = join(directory, 'fifo');
  before(() => execFileSync('mkfifo', [path]));
  after(() => rmSync(directory, { recursive: true }));

  it('gives what was written, all at once, and is empty then', () => {
    const end = openPipeEnd(path);
    assert.equal(end.inode, statSync(path).ino);
    for (const text of ['one', 'two']) assert.equal(end.write(Buffer.from(text)), true);
    assert.equal(end.take(6).toString(), 'onetwo');
    assert.equal(end.take(6).length, 0);
    end.close();
  });

  it('gives no more than it is asked for, whatever stands in it', () => {
    const end = openPipeEnd(path);
    while (end.write(Buffer.alloc(4_096, 'x')));
    assert.equal(end.take(10).length, 10);
    assert.equal(end.take(65_000).length, 65_000);
    assert.equal(end.take(65_000).length, 526);
    end.close();
  });

  it('takes back as much as it held', () => {
    const end = openPipeEnd(path);
    while (end.write(Buffer.alloc(4_096, 'x')));
    const all = end.take(100_000);
    end.putBack(all);
    assert.throws(() => end.putBack(Buffer.from('y')), /1 bytes do not fit/);
    assert.ok(end.take(100_000).equals(all));
    end.close();
  });

  it('is nothing but a pipe', () => {
    writeFileSync(join(directory, 'file'), '');
    assert.throws(() => openPipeEnd(join(directory, 'file')), /file is no pipe/);
    assert.throws(() => openPipeEnd('/dev/null'), /is no pipe/);
  });
});
