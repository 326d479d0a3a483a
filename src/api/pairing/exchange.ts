/**
 * What `eli pair` and eliotd say to each other (docs/adr/0040). On one TLS 1.3 connection, whose certificate eli cannot know
 * yet:
 *
 * 1. eli → eliotd `sharePath`: a CPace share; eliotd answers with its own;
 * 2. eli → eliotd `certificatePath`: a certificate request, with a proof that eli has the key; eliotd answers with the
 *    certificate and its authority, with its proof.
 *
 * The key comes from the code and from what TLS says of this very connection (its exporter, as RFC 9266 binds channels), so
 * whoever stands between has two connections, and no key.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type CpaceInputs, type CpaceShare, lengthValue, sharedKey } from '../../lib/cpace/cpace.ts';

/** Where a code is opened; on the device's own socket only. */
export const codePath = '/pair/v1/code';
/** First message of an exchange. */
export const sharePath = '/pair/v1/share';
/** Second message of an exchange. */
export const certificatePath = '/pair/v1/certificate';

/** Milliseconds between the two messages: an exchange takes two requests, and who needs longer between them has gone. */
export const exchangeTimeoutMs = 30_000;

/** What is asked of TLS to name the connection (RFC 8446 7.5). */
export const bindingLabel = 'EXPORTER-eliot-pairing-v1';
export const bindingBytes = 32;

/** Body of `codePath`. */
export interface CodeRequest {
  readonly groups: readonly string[];
  /** Name for the person's certificate, whatever the laptop asks for. */
  readonly name?: string;
}

/** Answer of `codePath`. */
export interface CodeAnswer {
  /** As `showCode` writes it. */
  readonly code: string;
  readonly expiresInSeconds: number;
  readonly nodeName: string;
  readonly groups: readonly string[];
  /** `HOST:PORT` by which a laptop may reach the device, the likeliest first. */
  readonly addresses: readonly string[];
}

/** Body and answer of `sharePath`. */
export interface ShareMessage {
  /** 32 bytes, base64. */
  readonly share: string;
}

/** A value with the proof that its sender has the key: body and answer of `certificatePath`. */
export interface ProvenMessage {
  /** JSON text of a `CertificateRequest` or `CertificateAnswer`. */
  readonly payload: string;
  /** HMAC-SHA-256 of the payload under the sender's key, base64. */
  readonly proof: string;
}

export interface CertificateRequest {
  /** PKCS#10, PEM; its common name is the name of the person. */
  readonly request: string;
}

export interface CertificateAnswer {
  readonly certificate: string;
  /** The device's own authority. */
  readonly authority: string;
  readonly nodeName: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** Each side proves with a key of its own, so that nothing can be sent back as an answer. */
export interface PairingKeys {
  readonly eli: Buffer;
  readonly eliotd: Buffer;
}

/** @param code as `readCode` gives it; `binding` names the TLS connection */
export function pairingInputs(code: string, binding: Uint8Array): CpaceInputs {
  return {
    password: Buffer.from(code),
    channel: lengthValue(Buffer.from('eli pair v1'), Buffer.from('eliotd pair v1')),
    session: binding,
  };
}

/**
 * The keys of an exchange; the other side has the same exactly when it has the same code and the same connection.
 *
 * @returns undefined when `theirs` is no honest share
 */
export function pairingKeys(
  inputs: CpaceInputs,
  own: CpaceShare,
  theirs: Uint8Array,
  side: 'eli' | 'eliotd',
): PairingKeys | undefined {
  const [initiator, responder] = side === 'eli' ? [own.share, theirs] : [theirs, own.share];
  const key = sharedKey(inputs, own, theirs, { initiator: { share: initiator }, responder: { share: responder } });
  if (key === undefined) return undefined;
  const derive = (name: string): Buffer => Buffer.from(hkdfSync('sha512', key, '', `eliot pairing v1 ${name}`, 32));
  return { eli: derive('eli'), eliotd: derive('eliotd') };
}

export function prove(key: Uint8Array, value: CertificateRequest | CertificateAnswer): ProvenMessage {
  const payload = JSON.stringify(value);
  return { payload, proof: proofOf(key, payload).toString('base64') };
}

/** Whether the sender of a message had `key`; takes as long when it had not. */
export function isProven(key: Uint8Array, { payload, proof }: ProvenMessage): boolean {
  const expected = proofOf(key, payload);
  const given = Buffer.from(proof, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function proofOf(key: Uint8Array, payload: string): Buffer {
  return createHmac('sha256', key).update(payload).digest();
}
