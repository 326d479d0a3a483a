/**
 * The device's own certificates: CA, server and administrator, made at the first start and kept in
 * `D/pki` (design D7). The server certificate is made again when the device's names or addresses
 * change, the administrator's when it was revoked; nothing else ever is.
 *
 * A power cut at any moment leaves either no CA (everything is made again) or a CA from which the
 * rest is made again: the CA's key is written before its certificate, and a certificate is used only
 * with the key that fits it.
 */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { StatusError } from '../../lib/status-error.ts';
import { adminKubeconfig } from './admin-kubeconfig.ts';
import type { CertificateRequest, IssueCertificates, IssuedCertificate } from './certificate-request.ts';

/** User of `admin.kubeconfig`. */
export const adminName = 'eliot-admin';
/** Its group. */
export const adminGroup = 'system:masters';

export interface PkiOptions {
  readonly dataDir: string;
  readonly nodeName: string;
  /** Names by which clients reach the server: NAME, NAME.local, localhost. */
  readonly dnsNames: readonly string[];
  readonly ips: readonly string[];
  readonly issue: IssueCertificates;
  /** Whether a certificate (PEM) was revoked: an administrator's that was is replaced. Default: none was. */
  readonly isRevoked?: ((pem: string) => boolean) | undefined;
}

export interface Pki {
  readonly ca: IssuedCertificate;
  readonly server: IssuedCertificate;
  readonly admin: IssuedCertificate;
}

/**
 * Reads the certificates, making what is missing or no longer fits.
 *
 * @throws StatusError `InternalError` naming the file when one cannot be read, written or parsed
 */
export async function openPki(options: PkiOptions, signal: AbortSignal): Promise<Pki> {
  const directory = join(options.dataDir, 'pki');
  await mkdir(directory, { recursive: true, mode: 0o700 });

  const ca = await readPair(directory, 'ca');
  const issuer = ca && new X509Certificate(ca.cert);
  const server = issuer && (await readPair(directory, 'server', issuer));
  const admin = issuer && (await readPair(directory, 'admin', issuer));

  const requests: Record<string, CertificateRequest> = {};
  if (!server || !coversNames(server, options)) requests['server'] = serverRequest(options);
  const isAdminGood = admin !== undefined && !options.isRevoked?.(admin.cert);
  if (!isAdminGood) requests['admin'] = clientRequest(adminName, [adminGroup]);
  if (ca && server && isAdminGood && Object.keys(requests).length === 0) return { ca, server, admin };

  const authorityName = `eliot ${options.nodeName}`;
  const made = await options.issue({ ca, authorityName, requests }, signal);
  if (!ca) await writePair(directory, 'ca', made.ca);
  for (const [name, pair] of Object.entries(made.issued)) await writePair(directory, name, pair);
  return {
    ca: made.ca,
    server: expectPair(made.issued['server'] ?? server),
    admin: expectPair(made.issued['admin'] ?? admin),
  };
}

/** Writes `D/admin.kubeconfig` (mode 0600) unless it already says the same. */
export async function writeAdminKubeconfig(dataDir: string, server: string, pki: Pki): Promise<string> {
  const path = join(dataDir, 'admin.kubeconfig');
  const content = adminKubeconfig(server, pki.ca.cert, pki.admin);
  const present = await readFile(path, 'utf8').catch(() => undefined);
  if (present !== content) await writeFileAtomic(path, content, 0o600);
  return path;
}

/** A client certificate for `name` in `groups`. */
export function clientRequest(name: string, groups: readonly string[]): CertificateRequest {
  return { usage: 'client', commonName: name, organizations: groups, dnsNames: [], ips: [] };
}

function serverRequest({ nodeName, dnsNames, ips }: PkiOptions): CertificateRequest {
  return { usage: 'server', commonName: nodeName, organizations: [], dnsNames, ips };
}

function coversNames(server: IssuedCertificate, { dnsNames, ips }: PkiOptions): boolean {
  const certificate = new X509Certificate(server.cert);
  return dnsNames.every((name) => certificate.checkHost(name)) && ips.every((ip) => certificate.checkIP(ip));
}

/** The pair, or undefined when it is not there, does not fit together, or was signed by somebody else. */
async function readPair(
  directory: string,
  name: string,
  issuer?: X509Certificate,
): Promise<IssuedCertificate | undefined> {
  const [cert, key] = await Promise.all([readText(directory, `${name}.crt`), readText(directory, `${name}.key`)]);
  if (cert === undefined || key === undefined) return undefined;
  try {
    const certificate = new X509Certificate(cert);
    const spki = { type: 'spki', format: 'der' } as const;
    const fits = certificate.publicKey.export(spki).equals(createPublicKey(key).export(spki));
    return fits && (issuer === undefined || certificate.verify(issuer.publicKey)) ? { cert, key } : undefined;
  } catch (cause) {
    throw new StatusError(
      'InternalError',
      `${join(directory, name)}.crt and .key cannot be read; move both away to have new ones made`,
      { cause },
    );
  }
}

async function readText(directory: string, file: string): Promise<string | undefined> {
  try {
    return await readFile(join(directory, file), 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StatusError('InternalError', `cannot read ${join(directory, file)}`, { cause });
  }
}

async function writePair(directory: string, name: string, pair: IssuedCertificate): Promise<void> {
  await writeFileAtomic(join(directory, `${name}.key`), pair.key, 0o600);
  await writeFileAtomic(join(directory, `${name}.crt`), pair.cert, 0o644);
}

function expectPair(pair: IssuedCertificate | undefined): IssuedCertificate {
  if (!pair) throw new StatusError('InternalError', 'the certificate child did not make every certificate asked for');
  return pair;
}
