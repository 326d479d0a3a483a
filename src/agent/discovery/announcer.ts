/**
 * Announces the device on the LAN until it is told to stop, and takes it back then. Looks every few seconds which
 * networks there are: cables and DHCP come and go. Without a network, or when the port cannot be had, it goes on trying;
 * the device works without it.
 */
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { mdnsPort } from '../../lib/mdns/eliot-service.ts';
import type { Link } from '../../lib/mdns/links.ts';
import { decodeMessage, encodeMessage, type MdnsMessage } from '../../lib/mdns/message.ts';
import type { MulticastOptions, MulticastPort, Peer } from '../../lib/mdns/multicast-port.ts';
import { RateBudget } from '../../lib/rate-budget.ts';
import { isWorthReading } from './is-worth-reading.ts';
import { type Outgoing, Responder } from './responder.ts';
import type { AnnouncedService } from './service-records.ts';

export interface AnnouncerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Where the device can be reached now. */
  readonly readLinks: () => readonly Link[];
  readonly openSockets: (options: MulticastOptions) => MulticastPort;
  readonly service: Omit<AnnouncedService, 'text'>;
  /** Strings of the TXT record as they are now. */
  readonly text: () => readonly string[];
  /** Reads what others announce, and the addresses that are ours. Default: nobody wants to know. */
  readonly listener?: {
    setOwnAddresses(addresses: readonly string[], nowMs: number): void;
    hear(message: MdnsMessage, nowMs: number): void;
  };
}

/** Reading the interfaces takes some 50 µs. */
const lookEveryMs = 5_000;
/** Messages that are read, and answers to one asker alone, in a second; what comes beyond the burst is dropped. */
const reading = { perSecond: 50, burst: 200 };
const unicast = { perSecond: 20, burst: 100 };
/** The goodbye is sent within microseconds, or not at all. */
const goodbyeMs = 200;

export class Announcer {
  readonly #deps: AnnouncerDeps;
  readonly #responder: Responder;
  readonly #sockets: MulticastPort;
  readonly #reading: RateBudget;
  readonly #unicast: RateBudget;
  #pause = new AbortController();
  #told = '';
  #announcedAs = '';

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
    const nowMs = deps.clock.monotonicMs();
    this.#responder = new Responder({ service: { ...deps.service, text: deps.text() }, random: deps.random });
    this.#reading = new RateBudget(reading.perSecond, reading.burst, nowMs);
    this.#unicast = new RateBudget(unicast.perSecond, unicast.burst, nowMs);
    this.#sockets = deps.openSockets({
      mode: 'shared',
      onPacket: (link, bytes, from) => this.#hear(link, bytes, from),
      onError: (error, link) => this.#tell(error, link),
    });
  }

  /** Until `signal` aborts; never fails. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const wake = (): void => this.#pause.abort();
    signal.addEventListener('abort', wake, { once: true });
    let lookMs = clock.monotonicMs();
    while (!signal.aborted) {
      if (clock.monotonicMs() >= lookMs) {
        await this.#look();
        lookMs = clock.monotonicMs() + lookEveryMs;
      }
      this.#pause = new AbortController();
      this.#send(this.#responder.tick(clock.monotonicMs()));
      this.#tellName();
      const dueMs = Math.min(lookMs, this.#responder.dueMs);
      if (!signal.aborted) await clock.sleep(dueMs - clock.monotonicMs(), this.#pause.signal).catch(() => {});
    }
    signal.removeEventListener('abort', wake);
    await this.#close();
  }

  async #look(): Promise<void> {
    const links = this.#deps.readLinks();
    const addresses = links.flatMap((link) => link.addresses.map(({ address }) => address));
    this.#deps.listener?.setOwnAddresses(addresses, this.#deps.clock.monotonicMs());
    const { open, fresh } = await this.#sockets.setLinks(links);
    const nowMs = this.#deps.clock.monotonicMs();
    const usable = links.filter(({ name }) => open.includes(name));
    this.#responder.setLinks(usable, new Set(fresh), nowMs);
    this.#responder.setText(this.#deps.text(), nowMs);
  }

  #hear(link: Link, bytes: Buffer, from: Peer): void {
    const { names } = this.#responder;
    const nowMs = this.#deps.clock.monotonicMs();
    if (!isWorthReading(bytes, names) || !this.#reading.trySpendOne(nowMs)) return;
    const message = decodeMessage(bytes);
    if (message === undefined) return;
    // RFC 6762 section 6: what comes from another port announces nothing.
    if (from.port === mdnsPort) this.#deps.listener?.hear(message, nowMs);
    const answer = this.#responder.hear(link.name, message, from, nowMs);
    if (answer && this.#unicast.trySpendOne(nowMs)) this.#send([answer]);
    // Something may be due sooner than it was.
    this.#pause.abort();
  }

  #send(outgoing: readonly Outgoing[]): void {
    for (const { link, message, to } of outgoing) void this.#sockets.send(link, encodeMessage(message), to);
  }

  async #close(): Promise<void> {
    const sent = this.#responder.goodbye().map(({ link, message }) => this.#sockets.send(link, encodeMessage(message)));
    const over = new AbortController();
    await Promise.race([Promise.all(sent), this.#deps.clock.sleep(goodbyeMs, over.signal).catch(() => {})]);
    over.abort();
    this.#sockets.close();
  }

  #tellName(): void {
    const { names, isAnnounced } = this.#responder;
    if (!isAnnounced || names.instance === this.#announcedAs) return;
    this.#announcedAs = names.instance;
    this.#deps.log.info('announced on the network', { name: names.instance });
  }

  /** Once, until it is another failure: the next look tries again anyway. */
  #tell(error: Error, link: Link | undefined): void {
    const text = `${link?.name ?? ''} ${error.message}`;
    if (text === this.#told) return;
    this.#told = text;
    this.#deps.log.warn('announcing on the network failed', { link: link?.name, error });
  }
}
