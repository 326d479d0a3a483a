/** Whom a TLS connection trusts: the authority that it was given, else the public ones. */
import type { TransportOptions } from './transport.ts';

/**
 * The authorities to give to Node for a connection: every one says its own.
 *
 * Node would read some 150 public ones before the first connection, also for one that trusts an authority of its own
 * only: 10 ms of a command. So the default of this process becomes that nobody is trusted (`fetch` trusts nobody from
 * then on).
 */
export function trustedAuthorities(
  options: Pick<TransportOptions, 'ca' | 'insecureSkipTlsVerify'>,
): (string | Buffer)[] {
  const tls = process.getBuiltinModule('node:tls');
  tls.setDefaultCACertificates([]);
  if (options.ca !== undefined) return [options.ca];
  if (options.insecureSkipTlsVerify) return [];
  // Those that Node brings, and those of NODE_EXTRA_CA_CERTS.
  return [...tls.getCACertificates('bundled'), ...tls.getCACertificates('extra')];
}
