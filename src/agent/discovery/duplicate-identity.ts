/**
 * Notices another device with this device's identity on the LAN: a copied memory card. It knows the other by the name of its
 * host, which comes from the fingerprint, at addresses that are not and were not ours: both announce that name, and each
 * defends it against the other. Knows neither clock nor socket.
 */
import { decodeDeviceText } from '../../lib/mdns/eliot-service.ts';
import { isSameName, type MdnsMessage, type MdnsRecord, nameKey } from '../../lib/mdns/message.ts';
import { RateBudget } from '../../lib/rate-budget.ts';

/** Another device with the same identity. */
export interface Duplicate {
  /** Node name that it announces; empty when it has not been heard. */
  readonly node: string;
  readonly addresses: readonly string[];
}

interface Sighting extends Duplicate {
  readonly untilMs: number;
}

/** An address that we had may be spoken of for so long: the time that records of a host live (RFC 6762 section 10). */
const ownAddressMs = 120_000;
/** Who was heard is there for so long: the time that records of a service live (section 10). */
const rememberedMs = 4_500_000;
/** Others that are remembered at most: who announces thousands does not fill our memory. */
const maxSightings = 16;
/** As many addresses of each are kept: enough to find it by. */
const maxAddresses = 4;
/** Anybody on the network can announce what he likes: a change costs a line of the log, an event and a status, so few are told. */
const toldAtOnce = 4;
const toldPerMinute = 2;

export class DuplicateIdentity {
  readonly #host: string;
  /** Until when an address counts as ours. */
  readonly #own = new Map<string, number>();
  /** By name of the host, in lower case. */
  readonly #sightings = new Map<string, Sighting>();
  readonly #onChange: (duplicates: readonly Duplicate[]) => void;
  readonly #budget = new RateBudget(toldPerMinute / 60, toldAtOnce, 0);
  #told = '[]';

  /**
   * @param host name that the device wants for its host, one label: it holds a part of the fingerprint, and is nobody else's
   * @param onChange called with all there are, when there are others than before; when they change too often, at a later call
   */
  constructor(host: string, onChange: (duplicates: readonly Duplicate[]) => void) {
    this.#host = nameKey(host);
    this.#onChange = onChange;
  }

  /** The addresses that the device has now. */
  setOwnAddresses(addresses: readonly string[], nowMs: number): void {
    for (const address of addresses) this.#own.set(address, nowMs + ownAddressMs);
    for (const [address, untilMs] of this.#own) if (untilMs < nowMs) this.#own.delete(address);
    this.#tell(nowMs);
  }

  /** Reads what somebody announces, or takes back; what is passed on by a reflector is still ours, as the addresses say. */
  hear(message: MdnsMessage, nowMs: number): void {
    if (!message.isResponse) return;
    const records = [...message.answers, ...message.additionals];
    const hosts = Map.groupBy(records.filter(isAddress), ({ name }) => nameKey(name));
    for (const [host, addresses] of hosts) {
      if (!this.#isOurHost(host)) continue;
      if (addresses.every(({ ttl }) => ttl === 0)) this.#sightings.delete(host);
      else
        this.#note(
          host,
          addresses.map(({ data }) => data),
          records,
          nowMs,
        );
    }
    this.#tell(nowMs);
  }

  /** Of those whose records still live. */
  #tell(nowMs: number): void {
    for (const [key, { untilMs }] of this.#sightings) if (untilMs <= nowMs) this.#sightings.delete(key);
    const duplicates = [...this.#sightings.values()].map(({ node, addresses }) => ({ node, addresses }));
    const told = JSON.stringify(duplicates);
    if (told === this.#told || !this.#budget.trySpendOne(nowMs)) return;
    this.#told = told;
    this.#onChange(duplicates);
  }

  /** Whoever finds its name taken goes on with a number behind it. */
  #isOurHost(host: string): boolean {
    return host.startsWith(this.#host) && /^(-\d+)?\.local$/.test(host.slice(this.#host.length));
  }

  #note(host: string, addresses: readonly string[], records: readonly MdnsRecord[], nowMs: number): void {
    // One address of ours, and it is us, on another of our networks.
    if (addresses.some((address) => (this.#own.get(address) ?? Number.NEGATIVE_INFINITY) >= nowMs)) return;
    const node = this.#nodeOf(host, records) ?? this.#sightings.get(host)?.node ?? '';
    this.#sightings.delete(host);
    this.#sightings.set(host, { node, addresses: addresses.slice(0, maxAddresses), untilMs: nowMs + rememberedMs });
    const [oldest] = this.#sightings.keys();
    if (this.#sightings.size > maxSightings && oldest !== undefined) this.#sightings.delete(oldest);
  }

  /** What the service on the host says of itself, when the message has that too. */
  #nodeOf(host: string, records: readonly MdnsRecord[]): string | undefined {
    const instances = records.flatMap((record) =>
      record.type === 'SRV' && isSameName(record.data.target, host) ? [record.name] : [],
    );
    const text = records.find(
      (record) => record.type === 'TXT' && instances.some((instance) => isSameName(instance, record.name)),
    );
    return text?.type === 'TXT' ? decodeDeviceText(text.data)?.node : undefined;
  }
}

function isAddress(record: MdnsRecord): record is Extract<MdnsRecord, { readonly type: 'A' | 'AAAA' | 'PTR' }> {
  return record.type === 'A' || record.type === 'AAAA';
}
