/**
 * A key that never leaves this machine, and the request for its certificate (PKCS#10, RFC 2986). The few structures of ASN.1
 * that a request needs are written here: the library that eliotd's certificate child uses is twice as large as all of `eli`.
 */
import { generateKeyPairSync, sign } from 'node:crypto';

export interface KeyWithRequest {
  /** PKCS#8, PEM. */
  readonly key: string;
  /** PKCS#10, PEM. */
  readonly request: string;
}

const tags = {
  integer: 0x02,
  bitString: 0x03,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  attributes: 0xa0,
};
/** 2.5.4.3 */
const commonName = tlv(tags.oid, Buffer.from('550403', 'hex'));
/** 1.2.840.10045.4.3.2: ecdsa-with-SHA256 */
const ecdsaWithSha256 = tlv(tags.sequence, tlv(tags.oid, Buffer.from('2a8648ce3d040302', 'hex')));
const version0 = tlv(tags.integer, Buffer.from([0]));

/** Makes a P-256 key and a request for it in the name of `name`. */
export function createCertificateRequest(name: string): KeyWithRequest {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = tlv(
    tags.sequence,
    tlv(tags.set, tlv(tags.sequence, commonName, tlv(tags.utf8String, Buffer.from(name)))),
  );
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const info = tlv(tags.sequence, version0, subject, spki, tlv(tags.attributes));
  const signature = tlv(tags.bitString, Buffer.from([0]), sign('sha256', info, privateKey));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    request: pem(tlv(tags.sequence, info, ecdsaWithSha256, signature)),
  };
}

/** One element in DER: tag, length, value. */
function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(value.length)]), value]);
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}
