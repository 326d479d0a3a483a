/**
 * Messages of Multicast DNS (RFC 6762), as far as finding a service needs them: other types of records are left out.
 * What comes from the network is anybody's: it may be wrong in every way, and is read or refused as a whole.
 */
import dnsPacket, { type Answer, type RecordType } from 'dns-packet';

interface RecordHead {
  /** Without the last dot. Letters of either case are the same; see `isSameName`. */
  readonly name: string;
  /** Seconds; 0: it is gone. */
  readonly ttl: number;
  /** All that is known under this name and type is replaced by what the message says. */
  readonly flush: boolean;
}

export type MdnsRecord =
  | (RecordHead & { readonly type: 'A' | 'AAAA' | 'PTR'; readonly data: string })
  | (RecordHead & { readonly type: 'SRV'; readonly data: { readonly target: string; readonly port: number } })
  | (RecordHead & { readonly type: 'TXT'; readonly data: readonly string[] })
  | (RecordHead & {
      readonly type: 'NSEC';
      readonly data: { readonly nextDomain: string; readonly rrtypes: string[] };
    });

export interface MdnsQuestion {
  readonly name: string;
  /** `ANY` asks for all. */
  readonly type: string;
  /** The answer may come to the asker alone. */
  readonly wantsUnicast: boolean;
}

export interface MdnsMessage {
  /** 0, but in questions of simple resolvers and the answers to them. */
  readonly id: number;
  readonly isResponse: boolean;
  /** More known answers follow in the next message. */
  readonly isTruncated: boolean;
  readonly questions: readonly MdnsQuestion[];
  readonly answers: readonly MdnsRecord[];
  readonly authorities: readonly MdnsRecord[];
  readonly additionals: readonly MdnsRecord[];
}

/** A message with nothing in it, to be filled. */
export const emptyMessage: MdnsMessage = {
  id: 0,
  isResponse: false,
  isTruncated: false,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
};

/** RFC 6762 section 17. */
const maxMessageBytes = 9_000;

const internet = 'IN';
/** Class IN with the bit of section 5.4 set, in the library's words. */
const internetUnicast = `UNKNOWN_${0x8001}`;
const anyUnicast = `UNKNOWN_${0x80ff}`;

export function encodeMessage(message: MdnsMessage): Buffer {
  const { id, isResponse, isTruncated } = message;
  return dnsPacket.encode({
    id,
    type: isResponse ? 'response' : 'query',
    // Section 18.4: answers are authoritative.
    flags: (isResponse ? dnsPacket.AUTHORITATIVE_ANSWER : 0) | (isTruncated ? dnsPacket.TRUNCATED_RESPONSE : 0),
    questions: message.questions.map(({ name, type }) => ({ name, type: type as RecordType, class: internet })),
    answers: message.answers.map(toAnswer),
    authorities: message.authorities.map(toAnswer),
    additionals: message.additionals.map(toAnswer),
  });
}

/** @returns undefined for what is no message of Multicast DNS */
export function decodeMessage(bytes: Buffer): MdnsMessage | undefined {
  if (bytes.length > maxMessageBytes) return undefined;
  try {
    const packet = dnsPacket.decode(bytes);
    const { id = 0, type, flags = 0 } = packet;
    return {
      id,
      isResponse: type === 'response',
      isTruncated: (flags & dnsPacket.TRUNCATED_RESPONSE) !== 0,
      questions: (packet.questions ?? []).flatMap((question) => {
        // Its types know no class with a bit set.
        const asked: string = question.class ?? internet;
        const wantsUnicast = asked === internetUnicast || asked === anyUnicast;
        if (!wantsUnicast && asked !== internet && asked !== 'ANY') return [];
        return [{ name: question.name, type: question.type, wantsUnicast }];
      }),
      answers: toRecords(packet.answers),
      authorities: toRecords(packet.authorities),
      additionals: toRecords(packet.additionals),
    };
  } catch {
    return undefined;
  }
}

/** Names are compared without regard to case, of ASCII letters only (section 16). */
export function isSameName(one: string, other: string): boolean {
  return one.length === other.length && nameKey(one) === nameKey(other);
}

/** The same for names that are the same. */
export function nameKey(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Of a message that holds one record of the root: its head, the name, type, class, time to live and length. */
const bytesBeforeData = 12 + 1 + 2 + 2 + 4 + 2;

/** What a record says, as bytes on the wire without compression: they are compared to settle conflicts (section 8.2). */
export function dataBytes(record: MdnsRecord): Buffer {
  const answer: DataAnswer = { ...toAnswer(record), name: '.' };
  return dnsPacket.encode({ answers: [answer] }).subarray(bytesBeforeData);
}

/** Whether two records say the same, whatever their time to live. */
export function isSameRecord(one: MdnsRecord, other: MdnsRecord): boolean {
  return one.type === other.type && isSameName(one.name, other.name) && dataBytes(one).equals(dataBytes(other));
}

type DataAnswer = Extract<Answer, { data: unknown }>;

function toAnswer(record: MdnsRecord): DataAnswer {
  // The library's TXT encoder writes into the list that it is given.
  const data = record.type === 'TXT' ? [...record.data] : record.data;
  return { ...record, class: internet, data } as DataAnswer;
}

function toRecords(answers: readonly Answer[] | undefined): MdnsRecord[] {
  return (answers ?? []).flatMap((answer) => toRecord(answer) ?? []);
}

function toRecord(answer: Answer): MdnsRecord | undefined {
  if (!('data' in answer) || ('class' in answer && answer.class !== internet)) return undefined;
  const head = { name: answer.name, ttl: answer.ttl ?? 0, flush: answer.flush ?? false };
  switch (answer.type) {
    case 'A':
    case 'AAAA':
    case 'PTR':
      return { ...head, type: answer.type, data: answer.data };
    case 'SRV':
      return { ...head, type: 'SRV', data: { target: answer.data.target, port: answer.data.port } };
    case 'TXT':
      return { ...head, type: 'TXT', data: [answer.data].flat().map(String) };
    case 'NSEC': {
      const { nextDomain, rrtypes } = answer.data;
      return { ...head, type: 'NSEC', data: { nextDomain, rrtypes } };
    }
    default:
      return undefined;
  }
}
