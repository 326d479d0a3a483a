/** Keeps the server certificate in step with the device's addresses, which DHCP and people change. */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';

export interface ServerCertificateDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Addresses of the device now. */
  readonly readAddresses: () => readonly string[];
  /** Makes the certificate cover `addresses` and uses it for new connections. */
  readonly renew: (addresses: readonly string[], signal: AbortSignal) => Promise<void>;
}

/** Milliseconds between two looks; reading the addresses costs microseconds. */
const lookEveryMs = 30_000;

/** Runs until `signal` aborts; a renewal that fails is tried again at the next look. */
export async function keepServerCertificate(
  deps: ServerCertificateDeps,
  covered: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, readAddresses, renew } = deps;
  let known = new Set(covered);
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal).catch(() => {});
    if (signal.aborted) return;
    const addresses = readAddresses();
    if (addresses.every((address) => known.has(address))) continue;
    try {
      await renew(addresses, signal);
      known = new Set(addresses);
      log.info('server certificate covers the new addresses', { addresses });
    } catch (error) {
      if (!signal.aborted) log.warn('server certificate not renewed', { addresses, error });
    }
  }
}
