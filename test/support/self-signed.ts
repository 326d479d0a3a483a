import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** A self-signed certificate of a server on 127.0.0.1, and its key, as PEM. */
export async function selfSigned(
  validity: { readonly notBefore?: Date; readonly notAfter?: Date } = {},
): Promise<{ readonly cert: string; readonly key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: [{ CN: ['registry of a test'] }],
    notBefore: validity.notBefore ?? new Date(0),
    notAfter: validity.notAfter ?? new Date('2999-01-01T00:00:00Z'),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
}
