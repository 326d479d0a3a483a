/** Listens at an address of the device that is not there yet: DHCP takes its time, and pods do not wait for the network. */
import type { ApiServer } from '../apiserver/server.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';

/** Nobody tells when an address comes. */
const tryEveryMs = 2_000;

export interface ListenLaterDeps {
  readonly server: Pick<ApiServer, 'listenAlso'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Code of the system for why nothing can be listened at, as `ApiServer.listen` hands it on. */
export function listenFailure(error: unknown): string | undefined {
  return isStatusError(error) ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
}

/** Tries until it listens or `signal` aborts; says once for each reason why it does not. Never rejects. */
export async function listenLater(
  { server, clock, log }: ListenLaterDeps,
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<void> {
  let told: string | undefined = 'EADDRNOTAVAIL';
  log.warn('the address to listen at is not there; until it is, the API is served at its socket alone', address);
  while (!signal.aborted) {
    try {
      await clock.sleep(tryEveryMs, signal);
      await server.listenAlso(address, () => true);
      log.info('listening', address);
      return;
    } catch (error) {
      const code = listenFailure(error);
      if (!signal.aborted && code !== told) log.warn('the address cannot be listened at', { ...address, error });
      told = code;
    }
  }
}
