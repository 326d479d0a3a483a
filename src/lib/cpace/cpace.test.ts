/** The vectors are those of draft-irtf-cfrg-cpace, appendix "Test vector for CPace using group X25519 and hash SHA-512". */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CpaceTranscript, createShare, generatorOf, lengthValue, sharedKey } from './cpace.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

const inputs = {
  password: Buffer.from('Password'),
  channel: hex('0b415f696e69746961746f720b425f726573706f6e646572'),
  session: hex('7e4b4791d6a8ef019b936c79fb7f2c57'),
};
const scalarA = hex('21b4f4bd9e64ed355c3eb676a28ebedaf6d8f17bdc365995b319097153044080');
const scalarB = hex('848b0779ff415f0af4ea14df9dd1d3c29ac41d836c7808896c4eba19c51ac40a');
const shareA = hex('1d13c89278cdadd826f6d8d7f887701430f8380ddc17611cdd6dc989ce0c9f32');
const shareB = hex('248cccf6d5cdc3646f0ad593f9e6cef4e69d4945f8372e623512ecea32185623');

const transcriptWith = (responder: Buffer): CpaceTranscript => ({
  initiator: { share: shareA },
  responder: { share: responder },
});

describe('CPace', () => {
  it('puts the length before each part', () => {
    const parts = ['1234', '5', '', '678'].map((text) => Buffer.from(text));
    assert.equal(lengthValue(...parts).toString('hex'), '043132333401350003363738');
    assert.deepEqual([...lengthValue(Buffer.alloc(128)).subarray(0, 2)], [0x80, 0x01]);
    assert.deepEqual([...lengthValue(Buffer.alloc(127)).subarray(0, 1)], [0x7f]);
  });

  it('chooses the generator of the draft', () => {
    assert.equal(
      generatorOf(inputs).toString('hex'),
      'd04bf6d41f6a289632a2e929fa29bebd51092512a7829fdde7d314b62f05a73f',
    );
  });

  it('makes the shares of the draft', () => {
    assert.deepEqual(createShare(inputs, scalarA).share, shareA);
    assert.deepEqual(createShare(inputs, scalarB).share, shareB);
  });

  it('takes the key of the draft, whoever computes it', () => {
    const key =
      '6e19b875f7a561d6b3ca3dbb9ef42ac55de3e717881018204b8922b4d5e53bb2aa82c300bea7b65d2b671da71922ddf6472301b79bc270adfa8bf413285f2263';
    const transcript = {
      initiator: { share: shareA, data: Buffer.from('ADa') },
      responder: { share: shareB, data: Buffer.from('ADb') },
    };
    assert.equal(sharedKey(inputs, { scalar: scalarA }, shareB, transcript)?.toString('hex'), key);
    assert.equal(sharedKey(inputs, { scalar: scalarB }, shareA, transcript)?.toString('hex'), key);
  });

  it('gives both sides one key, which depends on all that was said', () => {
    const password = Buffer.from('k7m4x2qp');
    const [session, channel] = [Buffer.from('session'), Buffer.from('channel')];
    const a = createShare({ password, channel, session });
    const keyOf = (change: Partial<typeof inputs>): readonly [unknown, unknown] => {
      const theirs = { password, channel, session, ...change };
      const b = createShare(theirs);
      const transcript = { initiator: { share: a.share }, responder: { share: b.share } };
      return [sharedKey({ session }, a, b.share, transcript), sharedKey(theirs, b, a.share, transcript)];
    };
    const [ours, theirs] = keyOf({});
    assert.ok(Buffer.isBuffer(ours) && ours.length === 64);
    assert.deepEqual(ours, theirs);
    for (const change of [
      { password: Buffer.from('k7m4x2qq') },
      { channel: Buffer.from('other') },
      { session: Buffer.from('other') },
    ]) {
      const [mine, his] = keyOf(change);
      assert.notDeepEqual(mine, his);
    }
  });

  it('takes another key when a share was changed on the way', () => {
    const a = createShare(inputs, scalarA);
    const honest = sharedKey(inputs, a, shareB, { initiator: { share: shareA }, responder: { share: shareB } });
    const changed = sharedKey(inputs, a, shareB, { initiator: { share: shareB }, responder: { share: shareB } });
    assert.notDeepEqual(honest, changed);
  });

  const lowOrder = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ];
  for (const share of lowOrder) {
    it(`refuses the share ${share.slice(0, 8)}… that would fix the key`, () => {
      assert.equal(sharedKey(inputs, { scalar: scalarA }, hex(share), transcriptWith(hex(share))), undefined);
    });
  }

  it('refuses a share of another length', () => {
    for (const length of [0, 31, 33]) {
      const share = Buffer.alloc(length, 9);
      assert.equal(sharedKey(inputs, { scalar: scalarA }, share, transcriptWith(share)), undefined);
    }
  });
});
