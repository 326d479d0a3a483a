import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { codeEntropyBytes, codeOf, readCode, showCode } from './code.ts';

describe('a pairing code', () => {
  it('holds all of its forty bits', () => {
    assert.equal(codeOf(Buffer.from('0000000000', 'hex')), '00000000');
    assert.equal(codeOf(Buffer.from('ffffffffff', 'hex')), 'zzzzzzzz');
    assert.equal(codeOf(Buffer.from('00443214c7', 'hex')), '01234567');
    const codes = new Set(Array.from({ length: 500 }, () => codeOf(randomBytes(codeEntropyBytes))));
    assert.equal(codes.size, 500);
  });

  it('is read as it is shown, and as people type it', () => {
    assert.equal(showCode('k7m4x2qp'), 'k7m4-x2qp');
    for (const typed of ['k7m4-x2qp', 'K7M4-X2QP', 'k7m4x2qp', ' k7m4 x2qp ', 'k7-m4-x2-qp']) {
      assert.equal(readCode(typed), 'k7m4x2qp', typed);
    }
    assert.equal(readCode('OIL0-1000'), '01101000');
  });

  it('is nothing else', () => {
    for (const typed of ['', 'k7m4-x2q', 'k7m4-x2qpp', 'k7m4-x2q!', 'u7m4-x2qp', 'k7m4.x2qp']) {
      assert.equal(readCode(typed), undefined, typed);
    }
  });
});
