/**
 * The signature of a bundle: an envelope of https://github.com/secure-systems-lab/dsse around the descriptor of `index.json`,
 * signed with Ed25519 (RFC 8032). As the index names everything else by digest, it vouches for every byte that is used.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import * as v from 'valibot';
import { StatusError } from '../../lib/status-error.ts';
import { mediaTypes, parseDocument } from '../oci-documents.ts';
import { bundleFiles } from './bundle-index.ts';

/** An OCI descriptor is what is signed. */
const payloadType = 'application/vnd.oci.descriptor.v1+json';

const envelopeSchema = v.object({
  payloadType: v.literal(payloadType),
  payload: v.string(),
  signatures: v.pipe(v.array(v.object({ keyid: v.string(), sig: v.string() })), v.minLength(1), v.maxLength(16)),
});
const payloadSchema = v.object({ digest: v.string(), size: v.number() });

/** A public key that somebody trusts. */
export interface TrustedKey {
  /** Name of its file, without ending. */
  readonly name: string;
  readonly key: KeyObject;
}

/** What a signature is worth here. */
export type SignatureState =
  | { readonly state: 'Unsigned' }
  /** By a key that is none of those that are trusted; whose it is nobody knows. */
  | { readonly state: 'Unknown'; readonly keyId: string }
  | { readonly state: 'Trusted'; readonly keyId: string; readonly keyName: string };

/** What a key is called in a signature: the SHA-256 of its DER (SubjectPublicKeyInfo), in hex. */
export function keyIdOf(key: KeyObject): string {
  const spki = (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

/** @throws StatusError `Invalid` when the PEM is no private key of Ed25519 */
export function readPrivateKey(pem: string): KeyObject {
  return readKey(pem, createPrivateKey, 'private');
}

/** @throws StatusError `Invalid` when the PEM is no public key of Ed25519 */
export function readPublicKey(pem: string): KeyObject {
  if (/PRIVATE KEY/.test(pem))
    throw new StatusError('Invalid', 'this is a private key, which belongs to who signs only');
  return readKey(pem, createPublicKey, 'public');
}

/** The bytes of `signature.json`; the same for the same index and key. */
export function signIndex(index: Uint8Array, key: KeyObject): Buffer {
  const payload = Buffer.from(JSON.stringify(descriptorOf(index)));
  const sig = sign(null, authenticated(payload), key).toString('base64');
  const envelope = { payloadType, payload: payload.toString('base64'), signatures: [{ keyid: keyIdOf(key), sig }] };
  return Buffer.from(`${JSON.stringify(envelope, null, 2)}\n`);
}

/**
 * What the signature of this index is worth to who trusts these keys.
 *
 * @param data of `signature.json`; undefined when there is none
 * @throws StatusError `Invalid` when it is damaged, about another index, or wrong
 */
export function judgeSignature(
  data: Uint8Array | undefined,
  index: Uint8Array,
  trusted: readonly TrustedKey[],
): SignatureState {
  if (data === undefined) return { state: 'Unsigned' };
  const { payload: encoded, signatures } = parseDocument(envelopeSchema, bundleFiles.signature, data);
  const payload = Buffer.from(encoded, 'base64');
  const { digest, size } = parseDocument(payloadSchema, bundleFiles.signature, payload);
  const own = descriptorOf(index);
  if (digest !== own.digest || size !== own.size) {
    throw new StatusError('Invalid', 'the signature of the bundle is about something else: the bundle was changed');
  }
  for (const { keyid, sig } of signatures) {
    const key = trusted.find((each) => keyIdOf(each.key) === keyid);
    if (key === undefined) continue;
    if (!verify(null, authenticated(payload), key.key, Buffer.from(sig, 'base64'))) {
      throw new StatusError('Invalid', `the signature of the bundle is wrong: key "${key.name}" did not make it`);
    }
    return { state: 'Trusted', keyId: keyid, keyName: key.name };
  }
  return { state: 'Unknown', keyId: signatures[0]?.keyid ?? '' };
}

function descriptorOf(index: Uint8Array): { mediaType: string; digest: string; size: number } {
  const digest = `sha256:${createHash('sha256').update(index).digest('hex')}`;
  return { mediaType: mediaTypes.ociIndex, digest, size: index.length };
}

/** DSSE's pre-authentication encoding. */
function authenticated(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

function readKey(pem: string, create: (pem: string) => KeyObject, what: string): KeyObject {
  try {
    const key = create(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // What it is instead helps nobody.
  }
  throw new StatusError('Invalid', `no ${what} key of Ed25519 in PEM; "eli bundle keygen" makes one`);
}
