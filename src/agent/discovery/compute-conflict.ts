/** Decides whether somebody else has our names, and who keeps them (RFC 6762 sections 8 and 9). Pure. */
import {
  dataBytes,
  isSameName,
  isSameRecord,
  type MdnsMessage,
  type MdnsRecord,
  nameKey,
} from '../../lib/mdns/message.ts';
import { isUniqueName, type ServiceRecords } from './service-records.ts';

/** Numbers of the types (RFC 1035, 2782, 3596, 4034). */
const typeNumbers = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, NSEC: 47 } as const;

/**
 * Whether a response says something else under one of our names.
 *
 * @param ownAddresses of the device on all its links: two of them may be in one network, and hear each other
 */
export function isConflict(records: ServiceRecords, message: MdnsMessage, ownAddresses: ReadonlySet<string>): boolean {
  return (
    [...message.answers, ...message.authorities, ...message.additionals]
      // With no time left it takes its name back; a denial claims nothing.
      .filter(({ ttl, type, name }) => ttl > 0 && type !== 'NSEC' && isUniqueName(records, name))
      .filter((record) => !isOwnAddress(record, ownAddresses))
      .some((record) => !records.unique.some((own) => isSameRecord(own, record)))
  );
}

/**
 * Whether somebody else asks for one of our names at the same moment, and gets it: the one with the later data does
 * (section 8.2).
 *
 * @param message a question, with what the asker is going to say as its authorities
 */
export function losesTieBreak(
  records: ServiceRecords,
  message: MdnsMessage,
  ownAddresses: ReadonlySet<string>,
): boolean {
  const names = new Set(message.authorities.map(({ name }) => nameKey(name)));
  return [...names]
    .filter((name) => isUniqueName(records, name))
    .some((name) => {
      const theirs = message.authorities.filter((record) => isSameName(record.name, name));
      if (theirs.every((record) => isOwnAddress(record, ownAddresses))) return false;
      return (
        compareRecords(
          records.unique.filter((record) => isSameName(record.name, name)),
          theirs,
        ) < 0
      );
    });
}

function isOwnAddress(record: MdnsRecord, ownAddresses: ReadonlySet<string>): boolean {
  return (record.type === 'A' || record.type === 'AAAA') && ownAddresses.has(record.data);
}

/** Negative when the first list is the earlier one. */
function compareRecords(one: readonly MdnsRecord[], other: readonly MdnsRecord[]): number {
  const sorted = (records: readonly MdnsRecord[]): Buffer[] => records.map(sortKey).sort(Buffer.compare);
  const [ours, theirs] = [sorted(one), sorted(other)];
  for (const [index, key] of ours.entries()) {
    const their = theirs[index];
    if (their === undefined) return 1;
    const order = Buffer.compare(key, their);
    if (order !== 0) return order;
  }
  return ours.length - theirs.length;
}

/** By type, then data; all are of one class. */
function sortKey(record: MdnsRecord): Buffer {
  return Buffer.concat([Buffer.from([0, typeNumbers[record.type]]), dataBytes(record)]);
}
