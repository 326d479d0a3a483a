/**
 * CPace, a password-authenticated key exchange (draft-irtf-cfrg-cpace, suite CPACE-X25519-SHA512, initiator and responder):
 * two sides that know the same short secret get the same key, and each run gives whoever does not know it one guess, checked
 * by asking, and nothing to guess at offline.
 *
 * The arithmetic of the curve is OpenSSL's X25519; ours is the map in `elligator2.ts`.
 */
import { createHash, createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';
import { mapToCurve25519 } from './elligator2.ts';

export interface CpaceInputs {
  /** The short secret. */
  readonly password: Uint8Array;
  /** Who talks to whom over what; both sides must have the same. */
  readonly channel: Uint8Array;
  /** Differs from run to run; both sides must have the same. */
  readonly session: Uint8Array;
}

/** One side's secret number and what it sends. */
export interface CpaceShare {
  readonly scalar: Uint8Array;
  /** 32 bytes for the other side. */
  readonly share: Buffer;
}

/** What one side sent. */
export interface CpaceMessage {
  readonly share: Uint8Array;
  /** Sent along in clear; default: nothing. */
  readonly data?: Uint8Array;
}

/** Both messages of a run. */
export interface CpaceTranscript {
  readonly initiator: CpaceMessage;
  readonly responder: CpaceMessage;
}

/** Bytes of a share. */
const shareBytes = 32;

const domain = Buffer.from('CPace255');
/** Of SHA-512: the password fills its first block together with zeroes, so that its length does not show. */
const hashBlockBytes = 128;

/** The share of one side. Draws its number, which must be used for one run only; a test gives its own. */
export function createShare(inputs: CpaceInputs, scalar: Uint8Array = randomBytes(shareBytes)): CpaceShare {
  const share = x25519(scalar, generatorOf(inputs));
  // Only a generator of low order gives nothing, and no hash of an attacker's choice leads there.
  if (share === undefined) throw new Error('this password and session have no generator');
  return { scalar, share };
}

/**
 * The key that both sides have in common, 64 bytes. It says nothing of itself whether the other side has it: each must show
 * that by using it.
 *
 * @param theirs the other side's share
 * @returns undefined when `theirs` is no honest share: too short, or a point of low order
 */
export function sharedKey(
  { session }: Pick<CpaceInputs, 'session'>,
  { scalar }: Pick<CpaceShare, 'scalar'>,
  theirs: Uint8Array,
  { initiator, responder }: CpaceTranscript,
): Buffer | undefined {
  if (theirs.length !== shareBytes) return undefined;
  const point = x25519(scalar, theirs);
  if (point === undefined) return undefined;
  return createHash('sha512')
    .update(lengthValue(Buffer.concat([domain, Buffer.from('_ISK')]), session, point))
    .update(lengthValue(initiator.share, initiator.data ?? nothing))
    .update(lengthValue(responder.share, responder.data ?? nothing))
    .digest();
}

const nothing = Buffer.alloc(0);

/** The point that the password chooses for this run. */
export function generatorOf({ password, channel, session }: CpaceInputs): Buffer {
  const filled = lengthValue(password).length + lengthValue(domain).length + 1;
  const zeroes = Buffer.alloc(Math.max(0, hashBlockBytes - filled));
  const hash = createHash('sha512')
    .update(lengthValue(domain, password, zeroes, channel, session))
    .digest();
  return mapToCurve25519(hash.subarray(0, shareBytes));
}

/** The draft's `lv_cat`: each part after its length in LEB128, so that no two lists of parts give the same bytes. */
export function lengthValue(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [Buffer.from(leb128(part.length)), part]));
}

function leb128(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(value >> 7)];
}

/** RFC 8410: what stands before the bytes of a key. */
const privateKeyHead = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicKeyHead = Buffer.from('302a300506032b656e032100', 'hex');

/** RFC 7748 5; undefined when the result is the neutral element, which OpenSSL refuses. */
function x25519(scalar: Uint8Array, point: Uint8Array): Buffer | undefined {
  const privateKey = createPrivateKey({
    key: Buffer.concat([privateKeyHead, scalar]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey({ key: Buffer.concat([publicKeyHead, point]), format: 'der', type: 'spki' });
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch {
    return undefined;
  }
}
