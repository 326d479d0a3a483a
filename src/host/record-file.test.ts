import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openRecordFile } from './record-file.ts';

describe('a record file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-record-'));
  const path = join(directory, 'a/b/record');
  after(() => rmSync(directory, { recursive: true }));

  it('holds what was written last, for the next who opens it', () => {
    const file = openRecordFile(path);
    assert.equal(file.read(), '');
    file.write('a rather long text');
    file.write('short');
    file.close();
    const again = openRecordFile(path);
    assert.equal(again.read(), 'short');
    again.close();
  });

  it('is for its owner only, and takes one page', () => {
    const file = openRecordFile(path);
    const { mode, size } = statSync(path);
    assert.deepEqual([mode & 0o777, size], [0o600, 4_096]);
    assert.throws(() => file.write('x'.repeat(4_097)), /a record of 4097 bytes/);
    assert.equal(file.read(), 'short');
    file.close();
  });
});
