/** The key that signs service account tokens, and its public half as others may read it. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** The public half as a JSON Web Key (RFC 7517), as `/openid/v1/jwks` publishes it. */
export interface JsonWebKey {
  readonly use: 'sig';
  readonly kty: 'EC';
  readonly kid: string;
  readonly alg: 'ES256';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

export interface TokenKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Names the key in the head of its tokens: base64url of the SHA-256 of its public half, as Kubernetes makes it. */
  readonly id: string;
  readonly jwk: JsonWebKey;
}

/**
 * @param pem PKCS#8 of a P-256 key
 * @throws Error when it is anything else
 */
export function readTokenKey(pem: string): TokenKey {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('not a P-256 private key');
  const publicKey = createPublicKey(privateKey);
  const id = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { privateKey, publicKey, id, jwk: { use: 'sig', kty: 'EC', kid: id, alg: 'ES256', crv: 'P-256', x, y } };
}
