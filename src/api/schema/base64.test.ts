import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readBase64 } from './base64.ts';

describe('readBase64', () => {
  it('gives back every encoding, also one with line breaks', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(5), (bytes, width) => {
        const canonical = Buffer.from(bytes).toString('base64');
        const broken = canonical.replace(new RegExp(`.{${width + 1}}`, 'g'), '$&\r\n');
        assert.deepEqual(readBase64(broken), { canonical });
      }),
    );
  });

  it('accepts bits left over by padding, and clears them', () => {
    assert.deepEqual(readBase64('aGVsbG9='), { canonical: 'aGVsbG8=' });
  });

  // The offsets are those of Go's encoding/base64.
  for (const { text, illegalAt } of [
    { text: 'abc', illegalAt: 0 },
    { text: 'aGVsbG8', illegalAt: 4 },
    { text: 'a*==', illegalAt: 1 },
    { text: '=', illegalAt: 0 },
    { text: 'a===', illegalAt: 1 },
    { text: 'ab=c', illegalAt: 2 },
    { text: 'ab=', illegalAt: 3 },
    { text: 'abc=x', illegalAt: 4 },
    { text: 'ab==\nab', illegalAt: 5 },
    { text: 'hello world', illegalAt: 5 },
    { text: 'a-_=', illegalAt: 1 },
  ]) {
    it(`finds byte ${illegalAt} of ${JSON.stringify(text)} illegal`, () => {
      assert.deepEqual(readBase64(text), { illegalAt });
    });
  }
});
