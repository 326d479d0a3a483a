import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openTokenKey } from './token-key.ts';

describe('the key of the tokens', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'eliot-key-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('is made once, for its owner only, and read again at the next start', async () => {
    const first = await openTokenKey(dataDir);
    assert.equal(statSync(join(dataDir, 'pki/sa.key')).mode & 0o777, 0o600);
    assert.equal(statSync(join(dataDir, 'pki')).mode & 0o777, 0o700);
    assert.equal((await openTokenKey(dataDir)).id, first.id);
  });

  it('is made anew when it was moved away', async () => {
    const first = await openTokenKey(dataDir);
    rmSync(join(dataDir, 'pki/sa.key'));
    assert.notEqual((await openTokenKey(dataDir)).id, first.id);
  });

  it('is not guessed when its file is damaged: the message says which', async () => {
    await openTokenKey(dataDir);
    writeFileSync(join(dataDir, 'pki/sa.key'), 'garbage');
    await assert.rejects(openTokenKey(dataDir), /pki\/sa\.key cannot be read; move it away/);
  });
});
