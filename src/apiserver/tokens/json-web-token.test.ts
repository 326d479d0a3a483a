import assert from 'node:assert/strict';
import { createHmac, createPublicKey, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { makeTokenKey } from '../../testing/token-key.ts';
import { readToken, signToken } from './json-web-token.ts';

describe('a signed token', () => {
  const key = makeTokenKey();
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('gives back its claims', () => {
    assert.deepEqual(readToken(key, signToken(key, { sub: 'me', n: 1 })), { sub: 'me', n: 1 });
  });

  it('can be checked with the public key alone, as others do', () => {
    const [head, payload, signature = ''] = signToken(key, { sub: 'me' }).split('.');
    const publicKey = createPublicKey({ key: { ...key.jwk }, format: 'jwk' });
    const bytes = Buffer.from(signature, 'base64url');
    assert.equal(bytes.length, 64);
    assert.ok(
      verify('sha256', Buffer.from(`${head}.${payload}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes),
    );
  });

  it('is none when it was changed, cut, signed by another, or chooses how it is checked', () => {
    const good = signToken(key, { sub: 'me' });
    const [head = '', payload = '', signature = ''] = good.split('.');
    const hmac = createHmac('sha256', key.publicKey.export({ type: 'spki', format: 'pem' }));
    const symmetric = `${encode({ alg: 'HS256', kid: key.id })}.${payload}`;
    for (const [what, token] of [
      ['changed', `${head}.${encode({ sub: 'root' })}.${signature}`],
      ['cut', good.slice(0, -4)],
      ['without signature', `${head}.${payload}.`],
      ['with more', `${good}.x`],
      ['of another', signToken(makeTokenKey(), { sub: 'me' })],
      ['with alg none', `${encode({ alg: 'none', kid: key.id })}.${payload}.${signature}`],
      ['with alg HS256', `${symmetric}.${hmac.update(symmetric).digest('base64url')}`],
      ['with no kid', `${encode({ alg: 'ES256' })}.${payload}.${signature}`],
      ['that is no JSON', `e30.e30.e30`],
      ['huge', `${'a'.repeat(20_000)}.${payload}.${signature}`],
      ['empty', ''],
    ] as const) {
      assert.equal(readToken(key, token), undefined, what);
    }
  });
});
