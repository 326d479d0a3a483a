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
import type { CertificateRequest, IssuedCertificate, IssueInput, IssueOutput } from './certificate-request.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
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
  const authority = new x509.X509Certificate(ca.cert);
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
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
    publicKey: keys.publicKey,
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
  return { cert: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
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
