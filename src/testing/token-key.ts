import { generateKeyPairSync } from 'node:crypto';
import { readTokenKey, type TokenKey } from '../apiserver/tokens/token-key.ts';

/** A fresh key for tokens. */
export function makeTokenKey(): TokenKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return readTokenKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}
