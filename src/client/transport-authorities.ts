/** Whom TLS connections trust: the authority that a connection was given, else the public ones. */
import type { TransportOptions } from './transport.ts';

/** As eli's npm package may find it: Node 20 and early releases of 22 cannot change their default. */
type Tls = Omit<typeof import('node:tls'), 'setDefaultCACertificates' | 'getCACertificates'> &
  Partial<Pick<typeof import('node:tls'), 'setDefaultCACertificates' | 'getCACertificates'>>;

const tls = (): Tls => process.getBuiltinModule('node:tls');

/**
 * The authorities to give to Node for a connection: every one says its own.
 *
 * Node would read some 150 public ones before the first connection, also for one that trusts an authority of its own
 * only: 10 ms of a command. So the default of this process becomes that nobody is trusted; whoever calls `fetch` says
 * before whom it may trust (`trustPublicAuthorities`).
 */
export function trustedAuthorities(
  options: Pick<TransportOptions, 'ca' | 'insecureSkipTlsVerify'>,
): (string | Buffer)[] {
  tls().setDefaultCACertificates?.([]);
  if (options.ca !== undefined) return [options.ca];
  return options.insecureSkipTlsVerify ? [] : publicAuthorities();
}

/** Lets the connections of `fetch` that begin now trust the public authorities, wherever OpenSSL would look for them. */
export function trustPublicAuthorities(): void {
  tls().setDefaultCACertificates?.(publicAuthorities());
}

/** Those that Node brings, and those of NODE_EXTRA_CA_CERTS where Node tells them. */
function publicAuthorities(): string[] {
  const { getCACertificates, rootCertificates } = tls();
  if (getCACertificates === undefined) return [...rootCertificates];
  return [...getCACertificates('bundled'), ...getCACertificates('extra')];
}
