/**
 * The device on one link, as a state machine of RFC 6762: it asks whether its names are free (section 8.1), announces
 * them (8.3), answers who asks (6) and defends them (9). It knows neither clock nor socket: messages and moments come in,
 * messages go out.
 */
import { emptyMessage, type MdnsMessage, type MdnsRecord } from '../../lib/mdns/message.ts';
import { type Answer, additionalsFor, computeAnswer, isKnown } from './compute-answer.ts';
import { isConflict, losesTieBreak } from './compute-conflict.ts';
import { allRecords, isUniqueName, type ServiceRecords } from './service-records.ts';

type Phase =
  | { readonly kind: 'Probing'; readonly sent: number; readonly dueMs: number }
  | { readonly kind: 'Announcing'; readonly sent: number; readonly dueMs: number }
  | { readonly kind: 'Announced' };

/** Answers that wait a moment, so that those to several askers go out as one. */
interface Pending {
  readonly dueMs: number;
  readonly records: readonly MdnsRecord[];
}

const probes = 3;
const probeIntervalMs = 250;
const announcements = 2;
const announceIntervalMs = 1_000;
/** Who lost the tie waits so long and asks again (section 8.2). */
const tieBreakPauseMs = 1_000;
/** At most so long answers wait that others may give too (section 6). */
const sharedDelayMs = { least: 20, most: 120 };
/** Known answers of a truncated question follow within this time (section 7.2). */
const truncatedDelayMs = { least: 400, most: 500 };
/** No record is sent to the group again within this time (section 6) … */
const repeatMs = 1_000;
/** … but to defend a name (section 6). */
const defendMs = 250;

export interface LinkResponderOptions {
  readonly records: ServiceRecords;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** When the first probe goes out. */
  readonly startMs: number;
}

export class LinkResponder {
  readonly #random: () => number;
  #records: ServiceRecords;
  #phase: Phase;
  #pending: Pending | undefined;
  /** When a record last went to the group. */
  readonly #sentMs = new Map<MdnsRecord, number>();

  constructor({ records, random, startMs }: LinkResponderOptions) {
    this.#records = records;
    this.#random = random;
    this.#phase = { kind: 'Probing', sent: 0, dueMs: startMs };
  }

  /** When `tick` has something to do; Infinity when only a question can change that. */
  get dueMs(): number {
    const phaseMs = this.#phase.kind === 'Announced' ? Number.POSITIVE_INFINITY : this.#phase.dueMs;
    return Math.min(phaseMs, this.#pending?.dueMs ?? Number.POSITIVE_INFINITY);
  }

  get isAnnounced(): boolean {
    return this.#phase.kind !== 'Probing';
  }

  get records(): ServiceRecords {
    return this.#records;
  }

  /** Asks anew whether these names are free, and only then says anything of them. */
  probe(records: ServiceRecords, atMs: number): void {
    this.#use(records);
    this.#phase = { kind: 'Probing', sent: 0, dueMs: atMs };
  }

  /** Says something else under the same names. */
  announce(records: ServiceRecords, nowMs: number): void {
    this.#use(records);
    if (this.isAnnounced) this.#phase = { kind: 'Announcing', sent: 0, dueMs: nowMs };
  }

  /** What is due is sent to the group. */
  tick(nowMs: number): MdnsMessage[] {
    const messages: MdnsMessage[] = [];
    if (this.#phase.kind === 'Probing' && nowMs >= this.#phase.dueMs) {
      const { sent } = this.#phase;
      if (sent < probes) {
        messages.push(this.#probeMessage());
        this.#phase = { kind: 'Probing', sent: sent + 1, dueMs: nowMs + probeIntervalMs };
      } else {
        this.#phase = { kind: 'Announcing', sent: 0, dueMs: nowMs };
      }
    }
    if (this.#phase.kind === 'Announcing' && nowMs >= this.#phase.dueMs) {
      messages.push(this.#toGroup(allRecords(this.#records), [], nowMs));
      const sent = this.#phase.sent + 1;
      this.#phase =
        sent < announcements ? { kind: 'Announcing', sent, dueMs: nowMs + announceIntervalMs } : { kind: 'Announced' };
    }
    if (this.#pending && nowMs >= this.#pending.dueMs) {
      const { records } = this.#pending;
      this.#pending = undefined;
      const fresh = records.filter((record) => this.#mayRepeat(record, repeatMs, nowMs));
      if (fresh.length > 0) messages.push(this.#toGroup(fresh, additionalsFor(fresh, this.#records), nowMs));
    }
    return messages;
  }

  /** Somebody else said something. */
  hearResponse(message: MdnsMessage, ownAddresses: ReadonlySet<string>): 'Conflict' | undefined {
    return isConflict(this.#records, message, ownAddresses) ? 'Conflict' : undefined;
  }

  /**
   * Somebody asked. What goes to the group comes from `tick`, later.
   *
   * @returns what the asker alone is to be told now, when it wants that
   */
  hearQuestion(
    message: MdnsMessage,
    asker: { readonly isSimple: boolean; readonly ownAddresses: ReadonlySet<string> },
    nowMs: number,
  ): MdnsMessage | undefined {
    if (this.#phase.kind === 'Probing') {
      if (losesTieBreak(this.#records, message, asker.ownAddresses)) {
        this.#phase = { kind: 'Probing', sent: 0, dueMs: nowMs + tieBreakPauseMs };
      }
      return undefined;
    }
    // The rest of the known answers to an earlier question.
    if (message.questions.length === 0) {
      if (this.#pending) this.#wait(this.#pending.records.filter((record) => !isKnown(record, message.answers)));
      return undefined;
    }
    const answer = computeAnswer(this.#records, message);
    if (answer === undefined) return undefined;
    if (asker.isSimple) return simpleAnswer(message, answer);
    const isClaim = message.authorities.some(({ name }) => isUniqueName(this.#records, name));
    const wantsUnicast = message.questions.every((question) => question.wantsUnicast);
    if (wantsUnicast && !isClaim && !message.isTruncated) return { ...emptyMessage, isResponse: true, ...answer };
    if (isClaim) this.#defend(answer, nowMs);
    else this.#answerLater(answer, message.isTruncated, nowMs);
    return undefined;
  }

  /** What takes everything back; undefined when nothing was said. */
  goodbye(): MdnsMessage | undefined {
    if (!this.isAnnounced) return undefined;
    const gone = [...this.#records.shared, ...this.#records.unique]
      // The type itself may be others' too.
      .filter((record) => record.type !== 'PTR' || record.data === this.#records.names.instance)
      .map((record) => ({ ...record, ttl: 0 }));
    return { ...emptyMessage, isResponse: true, answers: gone };
  }

  #probeMessage(): MdnsMessage {
    const { names, unique } = this.#records;
    return {
      ...emptyMessage,
      questions: [names.instance, names.host].map((name) => ({ name, type: 'ANY', wantsUnicast: false })),
      authorities: unique.map((record) => ({ ...record, flush: false })),
    };
  }

  /** Who is about to take our name must hear of us before it has: at once. */
  #defend({ answers }: Answer, nowMs: number): void {
    const records = answers.filter((record) => this.#mayRepeat(record, defendMs, nowMs));
    for (const record of records) this.#sentMs.delete(record);
    if (records.length > 0) this.#pending = { dueMs: nowMs, records: this.#withPending(records) };
  }

  #answerLater({ answers }: Answer, isTruncated: boolean, nowMs: number): void {
    const isShared = answers.some((record) => this.#records.shared.includes(record));
    const delay = isTruncated ? truncatedDelayMs : isShared ? sharedDelayMs : { least: 0, most: 0 };
    const dueMs = nowMs + delay.least + this.#random() * (delay.most - delay.least);
    const records = this.#withPending(answers);
    // Those that wait already do not wait longer.
    this.#pending = { dueMs: Math.min(dueMs, this.#pending?.dueMs ?? dueMs), records };
  }

  #withPending(records: readonly MdnsRecord[]): readonly MdnsRecord[] {
    return [...new Set([...(this.#pending?.records ?? []), ...records])];
  }

  #wait(records: readonly MdnsRecord[]): void {
    this.#pending = this.#pending && records.length > 0 ? { ...this.#pending, records } : undefined;
  }

  #mayRepeat(record: MdnsRecord, afterMs: number, nowMs: number): boolean {
    const sentMs = this.#sentMs.get(record);
    return sentMs === undefined || nowMs - sentMs >= afterMs;
  }

  #toGroup(answers: readonly MdnsRecord[], additionals: readonly MdnsRecord[], nowMs: number): MdnsMessage {
    for (const record of answers) this.#sentMs.set(record, nowMs);
    return { ...emptyMessage, isResponse: true, answers, additionals };
  }

  #use(records: ServiceRecords): void {
    this.#records = records;
    this.#pending = undefined;
    this.#sentMs.clear();
  }
}

/** Seconds that a simple resolver may remember (section 6.7). */
const simpleTtl = 10;

/** A resolver that knows only DNS: it gets its question back, and nothing that it would not understand. */
function simpleAnswer(message: MdnsMessage, { answers, additionals }: Answer): MdnsMessage {
  const plain = (record: MdnsRecord): MdnsRecord => ({ ...record, ttl: Math.min(record.ttl, simpleTtl), flush: false });
  return {
    ...emptyMessage,
    id: message.id,
    isResponse: true,
    questions: message.questions,
    answers: answers.map(plain),
    additionals: additionals.map(plain),
  };
}
