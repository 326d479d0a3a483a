/**
 * The device on all its links under one name: who has the name already makes it take another, `kitchen (2)`, everywhere.
 * As `link-responder.ts` it knows neither clock nor socket.
 */
import { mdnsPort } from '../../lib/mdns/eliot-service.ts';
import type { Link } from '../../lib/mdns/links.ts';
import type { MdnsMessage } from '../../lib/mdns/message.ts';
import type { Peer } from '../../lib/mdns/multicast-port.ts';
import { LinkResponder } from './link-responder.ts';
import { type AnnouncedService, computeNames, computeRecords, type ServiceNames } from './service-records.ts';

export interface Outgoing {
  /** Name of the link. */
  readonly link: string;
  readonly message: MdnsMessage;
  /** The one who asked; undefined: the group. */
  readonly to?: Peer;
}

export interface ResponderOptions {
  readonly service: AnnouncedService;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Devices that were switched on together do not ask together (RFC 6762 section 8.1). */
const firstProbeWithinMs = 250;
/** So many conflicts within so long are somebody's mistake, and are answered slowly from then on (section 8.1). */
const conflicts = { most: 15, withinMs: 10_000, pauseMs: 5_000 };

export class Responder {
  readonly #random: () => number;
  #service: AnnouncedService;
  /** Grows with each name that somebody else has. */
  #attempt = 1;
  #conflictsMs: number[] = [];
  #links = new Map<string, { readonly link: Link; readonly responder: LinkResponder }>();
  #ownAddresses: ReadonlySet<string> = new Set();

  constructor({ service, random }: ResponderOptions) {
    this.#service = service;
    this.#random = random;
  }

  get names(): ServiceNames {
    return computeNames(this.#service, this.#attempt);
  }

  /** When `tick` has something to do; Infinity when only a message can change that. */
  get dueMs(): number {
    return Math.min(...[...this.#links.values()].map(({ responder }) => responder.dueMs));
  }

  /** Whether the name is this device's on every link it is on, at least one. */
  get isAnnounced(): boolean {
    return this.#links.size > 0 && [...this.#links.values()].every(({ responder }) => responder.isAnnounced);
  }

  /**
   * Announces the device on exactly these links.
   *
   * @param fresh names of links where it must begin anew, for others may have come and gone there meanwhile
   */
  setLinks(links: readonly Link[], fresh: ReadonlySet<string>, nowMs: number): void {
    const before = this.#links;
    this.#links = new Map();
    this.#ownAddresses = new Set(links.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
    for (const link of links) {
      const known = fresh.has(link.name) ? undefined : before.get(link.name);
      if (known === undefined) {
        const options = { records: this.#recordsOn(link), random: this.#random, startMs: this.#firstProbeMs(nowMs) };
        this.#links.set(link.name, { link, responder: new LinkResponder(options) });
        continue;
      }
      if (!hasSameAddresses(known.link, link)) known.responder.probe(this.#recordsOn(link), this.#firstProbeMs(nowMs));
      this.#links.set(link.name, { link, responder: known.responder });
    }
  }

  /** Says something else in its TXT record from now on. Nothing happens when it is the same. */
  setText(text: readonly string[], nowMs: number): void {
    if (this.#service.text.join('\n') === text.join('\n')) return;
    this.#service = { ...this.#service, text };
    for (const { link, responder } of this.#links.values()) responder.announce(this.#recordsOn(link), nowMs);
  }

  /** What is due. */
  tick(nowMs: number): Outgoing[] {
    return [...this.#links].flatMap(([link, { responder }]) =>
      responder.tick(nowMs).map((message) => ({ link, message })),
    );
  }

  /** A message came over a link; returns what is to be said to its sender alone. */
  hear(linkName: string, message: MdnsMessage, from: Peer, nowMs: number): Outgoing | undefined {
    const responder = this.#links.get(linkName)?.responder;
    if (responder === undefined) return undefined;
    if (message.isResponse) {
      // Section 6: others than responders of Multicast DNS have nothing to say.
      if (from.port !== mdnsPort) return undefined;
      if (responder.hearResponse(message, this.#ownAddresses) === 'Conflict') this.#yield(responder, nowMs);
      return undefined;
    }
    // Section 6.7: another port is that of a simple resolver.
    const asker = { isSimple: from.port !== mdnsPort, ownAddresses: this.#ownAddresses };
    const answer = responder.hearQuestion(message, asker, nowMs);
    return answer && { link: linkName, message: answer, to: from };
  }

  /** What takes everything back. */
  goodbye(): Outgoing[] {
    return [...this.#links].flatMap(([link, { responder }]) => {
      const message = responder.goodbye();
      return message ? [{ link, message }] : [];
    });
  }

  /**
   * Somebody has our name. Who is asking for it takes another one; who had it asks once more, and the other one does so
   * too, so that one of them gives way (section 9).
   */
  #yield(responder: LinkResponder, nowMs: number): void {
    this.#conflictsMs = [...this.#conflictsMs.filter((atMs) => nowMs - atMs < conflicts.withinMs), nowMs];
    const isStorm = this.#conflictsMs.length >= conflicts.most;
    const startMs = isStorm ? nowMs + conflicts.pauseMs : this.#firstProbeMs(nowMs);
    if (responder.isAnnounced) {
      responder.probe(responder.records, startMs);
      return;
    }
    this.#attempt += 1;
    for (const other of this.#links.values()) other.responder.probe(this.#recordsOn(other.link), startMs);
  }

  #recordsOn(link: Link): LinkResponder['records'] {
    return computeRecords(this.#service, this.names, link);
  }

  #firstProbeMs(nowMs: number): number {
    return nowMs + this.#random() * firstProbeWithinMs;
  }
}

function hasSameAddresses(one: Link, other: Link): boolean {
  const text = ({ address, addresses }: Link): string => [address, ...addresses.map(({ cidr }) => cidr)].join(' ');
  return text(one) === text(other);
}
