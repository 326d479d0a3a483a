import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { mapToCurve25519 } from './elligator2.ts';

const prime = 2n ** 255n - 19n;
const littleEndian = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();

describe('the map onto Curve25519', () => {
  // As @noble/curves 2.4.0 computes them; the two agreed on 2,000 random numbers as well.
  const known: readonly (readonly [bigint, string])[] = [
    [0n, '0000000000000000000000000000000000000000000000000000000000000000'],
    [1n, '9cdb525555555555555555555555555555555555555555555555555555555555'],
    [2n, 'b349328ee3388ee3388ee3388ee3388ee3388ee3388ee3388ee3388ee3388e63'],
    [3n, '55c4aea1bc86f21aca6b28afa1bc86f21aca6b28afa1bc86f21aca6b28afa13c'],
    [4n, '0971aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2a'],
    [prime - 1n, '9cdb525555555555555555555555555555555555555555555555555555555555'],
  ];
  for (const [number, point] of known) {
    it(`takes ${number} where others take it`, () => {
      assert.equal(mapToCurve25519(littleEndian(number)).toString('hex'), point);
    });
  }

  it('does not look at the highest bit, nor at which form of a number it is given', () => {
    const point = mapToCurve25519(littleEndian(2n));
    assert.deepEqual(mapToCurve25519(littleEndian(2n + (1n << 255n))), point);
    assert.deepEqual(mapToCurve25519(littleEndian(2n + prime)), point);
  });

  it('gives points that X25519 can use, never the same for two numbers', () => {
    const scalar = createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), randomBytes(32)]),
      format: 'der',
      type: 'pkcs8',
    });
    const seen = new Set<string>();
    for (let count = 0; count < 50; count++) {
      const point = mapToCurve25519(randomBytes(32));
      seen.add(point.toString('hex'));
      const key = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), point]);
      diffieHellman({ privateKey: scalar, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) });
    }
    assert.equal(seen.size, 50);
  });
});
