/** Finds paired devices on the network, wherever they are now: what makes a device the same is its authority's fingerprint. */
import { browse } from '../discovery/browse.ts';
import { serverOf } from '../discovery/elsewhere.ts';
import type { FoundDevice } from '../discovery/found-devices.ts';
import type { CliIo } from '../io.ts';

/** What makes a device the one that was paired. */
export interface WantedDevice {
  readonly name: string;
  readonly fingerprint: string | undefined;
}

export interface PairedAt {
  readonly name: string;
  /** `https://HOST:PORT`. */
  readonly server: string;
}

/**
 * Those of `wanted` that answer, each where it is. One that answers at two places is a copy of another and is left out: which of
 * them is meant, nobody can tell. Takes less than a second.
 *
 * What is said on the network proves nothing: whoever connects there still checks the certificate.
 */
export async function findPaired(
  wanted: readonly WantedDevice[],
  { lan, clock }: Pick<CliIo, 'lan' | 'clock'>,
  signal: AbortSignal,
): Promise<readonly PairedAt[]> {
  const placesOf = ({ fingerprint }: WantedDevice, found: readonly FoundDevice[]): readonly FoundDevice[] =>
    found.filter((device) => device.fingerprint === fingerprint);
  const isComplete = (found: readonly FoundDevice[]): boolean =>
    wanted.every((device) => placesOf(device, found).length > 0);
  const found = await browse({ lan, clock, signal, isComplete });
  return wanted.flatMap((device) => {
    const [place, ...copies] = placesOf(device, found);
    return place === undefined || copies.length > 0 ? [] : [{ name: device.name, server: serverOf(place) }];
  });
}
