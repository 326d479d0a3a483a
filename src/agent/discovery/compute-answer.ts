/** Decides what a question is answered (RFC 6762 section 6). Pure. */
import { serviceType } from '../../lib/mdns/eliot-service.ts';
import {
  isSameName,
  isSameRecord,
  type MdnsMessage,
  type MdnsQuestion,
  type MdnsRecord,
} from '../../lib/mdns/message.ts';
import { allRecords, type ServiceRecords } from './service-records.ts';

export interface Answer {
  readonly answers: readonly MdnsRecord[];
  /** What the asker will ask for next. */
  readonly additionals: readonly MdnsRecord[];
}

/** @returns undefined when nothing is asked that is ours, or all of it is known to the asker */
export function computeAnswer(records: ServiceRecords, message: MdnsMessage): Answer | undefined {
  const answers = allRecords(records)
    .filter((record) => message.questions.some((question) => isAnswer(record, question, records)))
    .filter((record) => !isKnown(record, message.answers));
  if (answers.length === 0) return undefined;
  return { answers, additionals: additionalsFor(answers, records) };
}

/**
 * Whether the asker showed that it knows the record, and for at least half of its time more (section 7.1).
 *
 * @param known answers that came with the question
 */
export function isKnown(record: MdnsRecord, known: readonly MdnsRecord[]): boolean {
  return known.some((other) => other.ttl >= record.ttl / 2 && isSameRecord(other, record));
}

/** What goes beside answers: of an instance all that is needed to reach it, of a host its addresses (RFC 6763 section 12). */
export function additionalsFor(answers: readonly MdnsRecord[], records: ServiceRecords): readonly MdnsRecord[] {
  const isInstance = answers.some(
    ({ type, name }) => (type === 'PTR' && isSameName(name, serviceType)) || isSameName(name, records.names.instance),
  );
  const isHost = isInstance || answers.some(({ name }) => isSameName(name, records.names.host));
  return [...records.unique, records.denial].filter(
    (record) => !answers.includes(record) && (isSameName(record.name, records.names.instance) ? isInstance : isHost),
  );
}

function isAnswer(record: MdnsRecord, { name, type }: MdnsQuestion, { denial }: ServiceRecords): boolean {
  if (!isSameName(record.name, name)) return false;
  if (type === record.type) return true;
  if (record !== denial) return type === 'ANY';
  // The addresses that the host has not.
  return (type === 'A' || type === 'AAAA') && denial.type === 'NSEC' && !denial.data.rrtypes.includes(type);
}
