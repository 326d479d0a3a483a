import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { judgeSignature, keyIdOf, readPrivateKey, readPublicKey, signIndex } from './signature.ts';

const makeKey = () => generateKeyPairSync('ed25519').privateKey;
const key = makeKey();
const trusted = [{ name: 'factory', key: createPublicKey(key) }];
const index = Buffer.from('{"manifests":[]}');
const signature = signIndex(index, key);

describe('the signature of a bundle', () => {
  it('is trusted when a trusted key made it', () => {
    const expected = { state: 'Trusted', keyId: keyIdOf(key), keyName: 'factory' };
    assert.deepEqual(judgeSignature(signature, index, trusted), expected);
  });

  it('is the same each time', () => assert.deepEqual(signIndex(index, key), signature));

  it('of somebody else says whose key it was, and nothing more', () => {
    const other = makeKey();
    assert.deepEqual(judgeSignature(signIndex(index, other), index, trusted), {
      state: 'Unknown',
      keyId: keyIdOf(other),
    });
  });

  it('may be missing', () => assert.deepEqual(judgeSignature(undefined, index, trusted), { state: 'Unsigned' }));

  it('does not hold for another index', () => {
    assert.throws(() => judgeSignature(signature, Buffer.from('{}'), trusted), /about something else/);
  });

  it('is never trusted with one byte changed', () => {
    for (let at = 0; at < signature.length; at += 1) {
      const changed = Buffer.from(signature);
      changed[at] = (changed[at] ?? 0) ^ 1;
      try {
        const { state } = judgeSignature(changed, index, trusted);
        // Of its blanks, and of the bits that base64 does not use, none means anything.
        if (state === 'Trusted') assert.match(String.fromCharCode(signature[at] ?? 0), /[\s=A-Za-z]/);
        if (state === 'Trusted') assert.deepEqual(decoded(changed), decoded(signature));
      } catch (error) {
        assert.ok(isStatusError(error, 'Invalid'), `byte ${at}: ${error}`);
      }
    }
  });

  it('by the name of a trusted key that did not make it is wrong', () => {
    const forged = JSON.parse(signIndex(index, makeKey()).toString());
    forged.signatures[0].keyid = keyIdOf(key);
    const data = Buffer.from(JSON.stringify(forged));
    assert.throws(() => judgeSignature(data, index, trusted), /wrong: key "factory" did not make it/);
  });
});

function decoded(data: Buffer): unknown {
  const { payloadType, payload, signatures } = JSON.parse(data.toString());
  return [payloadType, Buffer.from(payload, 'base64'), Buffer.from(signatures[0].sig, 'base64')];
}

describe('a key', () => {
  const pem = {
    private: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    public: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
  };

  it('is read from PEM', () => {
    assert.equal(keyIdOf(readPrivateKey(pem.private)), keyIdOf(readPublicKey(pem.public)));
  });

  it('of another kind is refused', () => {
    const { privateKey } = generateKeyPairSync('x25519');
    assert.throws(
      () => readPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
      /no private key of Ed25519/,
    );
    assert.throws(() => readPrivateKey('hello'), /no private key of Ed25519/);
    assert.throws(() => readPublicKey(pem.private), /belongs to who signs only/);
  });
});
