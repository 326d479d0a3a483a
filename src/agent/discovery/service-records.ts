/** What a device says about itself, as records of one link (RFC 6763): its own addresses there and no others. */
import { serviceType, typesOfServices } from '../../lib/mdns/eliot-service.ts';
import type { Link } from '../../lib/mdns/links.ts';
import { isSameName, type MdnsRecord } from '../../lib/mdns/message.ts';

export interface AnnouncedService {
  /** Name wanted for the instance: the node's. */
  readonly name: string;
  /** Name wanted for the host, one label. */
  readonly host: string;
  readonly port: number;
  /** Strings of the TXT record. */
  readonly text: readonly string[];
}

/** Names in use: those wanted, or with a number since others have them. */
export interface ServiceNames {
  readonly instance: string;
  readonly host: string;
}

export interface ServiceRecords {
  readonly names: ServiceNames;
  /** Others have records of that name too. */
  readonly shared: readonly MdnsRecord[];
  /** Nobody else may have records of that name. */
  readonly unique: readonly MdnsRecord[];
  /** Says which types of records the host has, so that nobody waits for another (RFC 6762 section 6.1). */
  readonly denial: MdnsRecord;
}

/** Seconds that others may remember: what holds addresses for a short time, the rest long (RFC 6762 section 10). */
const hostTtl = 120;
const otherTtl = 4_500;

/** Bytes of one label of a name. */
const maxLabelBytes = 63;

/** @param attempt 1, and one more for each name that was taken: `kitchen (2)`, as RFC 6762 appendix D has it */
export function computeNames({ name, host }: AnnouncedService, attempt: number): ServiceNames {
  const mark = attempt === 1 ? '' : ` (${attempt})`;
  const hostMark = attempt === 1 ? '' : `-${attempt}`;
  // A dot would begin another label. Node names are ASCII, so that each character is a byte.
  const label = name.replaceAll('.', '-').slice(0, maxLabelBytes - mark.length);
  return { instance: `${label}${mark}.${serviceType}`, host: `${host}${hostMark}.local` };
}

export function computeRecords(service: AnnouncedService, names: ServiceNames, link: Link): ServiceRecords {
  const { instance, host } = names;
  const addresses = link.addresses.map(({ address, family }) => ({
    type: family === 'IPv4' ? ('A' as const) : ('AAAA' as const),
    data: address,
  }));
  const pointer = (name: string, data: string): MdnsRecord => ({
    type: 'PTR',
    name,
    data,
    ttl: otherTtl,
    flush: false,
  });
  const own = { ttl: hostTtl, flush: true };
  return {
    names,
    shared: [pointer(serviceType, instance), pointer(typesOfServices, serviceType)],
    unique: [
      { type: 'SRV', name: instance, data: { target: host, port: service.port }, ...own },
      { type: 'TXT', name: instance, data: service.text, ttl: otherTtl, flush: true },
      ...addresses.map(({ type, data }): MdnsRecord => ({ type, name: host, data, ...own })),
    ],
    denial: {
      type: 'NSEC',
      name: host,
      data: { nextDomain: host, rrtypes: [...new Set(addresses.map(({ type }) => type))] },
      ...own,
    },
  };
}

/** Every record that is announced. */
export function allRecords({ shared, unique, denial }: ServiceRecords): readonly MdnsRecord[] {
  return [...shared, ...unique, denial];
}

/** Whether the name is one that only this device may have. */
export function isUniqueName({ names }: ServiceRecords, name: string): boolean {
  return isSameName(name, names.instance) || isSameName(name, names.host);
}
