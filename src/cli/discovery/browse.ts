/**
 * Asks the network which devices there are, on every interface at once. In two ways, as each is lost somewhere: at the port
 * of Multicast DNS, where answers come to everybody, and at one of our own, where they come to us alone and at once, but
 * not through every firewall.
 */
import type { Clock } from '../../lib/clock.ts';
import { serviceType } from '../../lib/mdns/eliot-service.ts';
import { type Link, linksOf } from '../../lib/mdns/links.ts';
import { decodeMessage, emptyMessage, encodeMessage, type MdnsQuestion } from '../../lib/mdns/message.ts';
import type { MulticastPort } from '../../lib/mdns/multicast-port.ts';
import { type FoundDevice, FoundDevices } from './found-devices.ts';
import type { LanAccess } from './lan.ts';

export interface BrowseOptions {
  readonly lan: LanAccess;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with all that are known each time that something changes. */
  readonly onChange?: (devices: readonly FoundDevice[]) => void;
  /** Whether all that are expected have answered: then it ends as soon as all is quiet. Default: nobody knows whom to expect. */
  readonly isComplete?: (devices: readonly FoundDevice[]) => boolean;
}

/** When the question is asked, in milliseconds from the begin: one message in twenty is lost on a bad link. */
const askAtMs = [0, 200, 450];
/** It ends then: a person waits. Answers come within 120 ms, but Wi-Fi keeps what is for everybody for some 300 ms. */
const longestMs = 750;
/** When everybody who is expected has answered, and no new one for so long, that is all … */
const quietMs = 250;
/** … but not before: answers to everybody may wait for 120 ms. */
const leastMs = 300;
const pollMs = 25;
/** Packets that are looked at; a joker sends more. */
const maxPackets = 5_000;

/** The devices that answered; empty without a network. */
export async function browse(options: BrowseOptions): Promise<readonly FoundDevice[]> {
  const { lan, clock, signal, onChange, isComplete = () => false } = options;
  const found = new FoundDevices();
  const beginMs = clock.monotonicMs();
  let changedMs = beginMs;
  let packets = 0;
  const onPacket = (_link: Link, bytes: Buffer): void => {
    packets += 1;
    const message = packets > maxPackets ? undefined : decodeMessage(bytes);
    if (message === undefined || !found.hear(message)) return;
    changedMs = clock.monotonicMs();
    onChange?.(found.devices);
  };
  // A link that does not work is as good as none: nothing is heard from there.
  const common = { onPacket, onError: () => {} };
  const links = linksOf(await lan.interfaces(), () => true);
  const ports: MulticastPort[] = [];
  try {
    for (const mode of ['private', 'shared'] as const) ports.push(await lan.openSockets({ ...common, mode }));
    await Promise.all(ports.map((port) => port.setLinks(links)));
    for (const asks = [...askAtMs]; ; ) {
      signal.throwIfAborted();
      const nowMs = clock.monotonicMs() - beginMs;
      const isQuiet = nowMs >= leastMs && clock.monotonicMs() - changedMs >= quietMs;
      if (nowMs >= longestMs || (isQuiet && isComplete(found.devices))) return found.devices;
      if (nowMs >= (asks[0] ?? Number.POSITIVE_INFINITY)) {
        asks.shift();
        ask(ports, links, found.missing);
      }
      await clock.sleep(pollMs, signal);
    }
  } finally {
    for (const port of ports) port.close();
  }
}

/** So many fit into one packet. */
const maxQuestions = 16;

function ask(ports: readonly MulticastPort[], links: readonly Link[], missing: readonly MdnsQuestion[]): void {
  const type = { name: serviceType, type: 'PTR', wantsUnicast: false };
  const bytes = encodeMessage({ ...emptyMessage, questions: [type, ...missing.slice(0, maxQuestions)] });
  for (const port of ports) for (const { name } of links) void port.send(name, bytes);
}
