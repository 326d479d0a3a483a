import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { unlessMissing } from './unless-missing.ts';

describe('an access to a file', () => {
  it('gives what is there, and undefined for what is not', async () => {
    assert.equal(await unlessMissing(Promise.resolve('text')), 'text');
    assert.equal(await unlessMissing(readFile('/dev/no-such-file')), undefined);
    assert.equal(await unlessMissing(readFile('/dev/null/below-a-file')), undefined);
  });

  it('fails with every other failure', async () => {
    await assert.rejects(unlessMissing(readFile('/dev')), { code: 'EISDIR' });
  });
});
