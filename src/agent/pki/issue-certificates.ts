/**
 * Makes keys and X.509 certificates. Runs only in the short-lived child process
 * `bin/eliot-certificates.ts`: the X.509 library costs 24 MB that the daemon must not carry
 * (design D7, D8).
 *
 * Everything is valid from 1970 on, because a device without a battery clock starts there, and
 * to the end of time, because nobody renews a certificate on a device in a ceiling: revocation is
 * done by the table of issued clients, not by expiry.
 */
import 'reflect-metadata';
import { randomBytes, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { problemOfPersonName } from '../../api/pairing/person-name.ts';
import type {
  CertificateRequest,
  IssuedCertificate,
  IssueInput,
  IssueOutput,
  SignInput,
  SignOutput,
} from './certificate-request.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** What WebCrypto says of a key of an elliptic curve. */
interface EcKeyAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
}

const notBefore = new Date(0);
/** RFC 5280 4.1.2.5: the value that means "no well-defined expiration date". */
const notAfter = new Date('9999-12-31T23:59:59Z');

/** Makes what is asked for; a missing CA is made first and is part of the answer. */
export async function issueCertificates(input: IssueInput): Promise<IssueOutput> {
  const ca = input.ca ?? (await issueAuthority(input.authorityName));
  const issued: Record<string, IssuedCertificate> = {};
  for (const [id, request] of Object.entries(input.requests)) issued[id] = await issueLeaf(ca, request);
  return { ca, issued };
}

/**
 * Signs for somebody else's key, as a client's. Of the request only the key counts, and its name when none is given: who it is
 * and what it may do is the device's to say.
 */
export async function signRequest({ ca, request: pem, commonName, organizations }: SignInput): Promise<SignOutput> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
    if (!(await request.verify())) return { problem: 'is not signed with its own key' };
  } catch {
    return { problem: 'cannot be read' };
  }
  const { name: keyType, namedCurve } = request.publicKey.algorithm as EcKeyAlgorithm;
  if (keyType !== 'Ed25519' && namedCurve !== 'P-256') {
    return { problem: `has a key of type ${namedCurve ?? keyType}: it must be of P-256 or Ed25519` };
  }
  const name = commonName ?? request.subjectName.getField('CN')[0] ?? '';
  const problem = problemOfPersonName(name);
  if (problem !== undefined) return { problem: `names "${name.slice(0, 100)}": a name ${problem}` };
  const leaf = { usage: 'client', commonName: name, organizations, dnsNames: [], ips: [] } as const;
  return { cert: await signLeaf(ca, leaf, request.publicKey), commonName: name };
}

async function issueAuthority(name: string): Promise<IssuedCertificate> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    notBefore,
    notAfter,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

async function issueLeaf(ca: IssuedCertificate, request: CertificateRequest): Promise<IssuedCertificate> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return { cert: await signLeaf(ca, request, keys.publicKey), key: await exportKey(keys.privateKey) };
}

async function signLeaf(
  ca: IssuedCertificate,
  request: CertificateRequest,
  publicKey: x509.PublicKeyType,
): Promise<string> {
  const authority = new x509.X509Certificate(ca.cert);
  const names = [
    ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...request.ips.map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...request.organizations.map((name) => ({ O: [name] })), { CN: [request.commonName] }],
    issuer: authority.subject,
    notBefore,
    notAfter,
    publicKey,
    signingKey: await importKey(ca.key),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        request.usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return certificate.toString('pem');
}

/** 127 random bits: positive, and unique without a counter to keep. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [der] = x509.PemConverter.decode(pem);
  if (der === undefined) throw new Error('the CA key is no PEM private key');
  return crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}
