import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import { serviceType } from '../../lib/mdns/eliot-service.ts';
import type { Link } from '../../lib/mdns/links.ts';
import { decodeMessage, emptyMessage, encodeMessage, type MdnsMessage } from '../../lib/mdns/message.ts';
import type { MulticastOptions, MulticastPort, Peer, UsableLinks } from '../../lib/mdns/multicast-port.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { Announcer } from './announcer.ts';

const eth0: Link = {
  name: 'eth0',
  address: '192.168.1.1',
  addresses: [{ address: '192.168.1.1', family: 'IPv4', cidr: '192.168.1.1/24' }],
};
const laptop: Peer = { address: '192.168.1.200', port: 40_000 };

class FakeSockets implements MulticastPort {
  readonly options: MulticastOptions;
  readonly sent: { readonly link: string; readonly message: MdnsMessage; readonly to: Peer | undefined }[] = [];
  isUsable = true;
  isClosed = false;
  #known: readonly string[] = [];

  constructor(options: MulticastOptions) {
    this.options = options;
  }

  async setLinks(links: readonly Link[]): Promise<UsableLinks> {
    if (!this.isUsable) {
      this.options.onError(new Error('bind EADDRINUSE'));
      return { open: [], fresh: [] };
    }
    const open = links.map(({ name }) => name);
    const fresh = open.filter((name) => !this.#known.includes(name));
    this.#known = open;
    return { open, fresh };
  }

  async send(link: string, bytes: Buffer, to?: Peer): Promise<void> {
    const message = decodeMessage(bytes);
    assert.ok(message);
    this.sent.push({ link, message, to });
  }

  close(): void {
    this.isClosed = true;
  }

  /** A question of a laptop on eth0. */
  ask(name: string = serviceType): void {
    const questions = [{ name, type: 'PTR', wantsUnicast: false }];
    this.options.onPacket(eth0, encodeMessage({ ...emptyMessage, questions }), laptop);
  }
}

function start({ links = [eth0], isUsable = true }: { links?: Link[]; isUsable?: boolean } = {}): {
  clock: FakeClock;
  sockets: FakeSockets;
  warnings: string[];
  /** What the listener was told: its own addresses, and the names in what others said. */
  heard: string[];
  world: { links: Link[]; text: string[] };
  pass: (ms: number) => Promise<void>;
  stop: () => Promise<void>;
} {
  const clock = new FakeClock();
  const stopping = new AbortController();
  const world = { links, text: ['paired=0'] };
  const warnings: string[] = [];
  const heard: string[] = [];
  let sockets: FakeSockets | undefined;
  const announcer = new Announcer({
    clock,
    log: { ...silentLogger, warn: (message) => void warnings.push(message) },
    random: () => 0,
    readLinks: () => world.links,
    openSockets: (options) => {
      sockets = new FakeSockets(options);
      return sockets;
    },
    service: { name: 'kitchen', host: 'eliot-1', port: 6443 },
    text: () => world.text,
    listener: {
      setOwnAddresses: (addresses) => void heard.push(`own ${addresses.join(' ')}`),
      hear: ({ answers }) => void heard.push(answers.map(({ name }) => name).join(' ')),
    },
  });
  assert.ok(sockets);
  sockets.isUsable = isUsable;
  const running = announcer.run(stopping.signal);
  return {
    clock,
    sockets,
    warnings,
    heard,
    world,
    pass: async (ms) => {
      await settle();
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        await settle();
      }
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

const answersIn = ({ sent }: FakeSockets): MdnsMessage[] =>
  sent.filter(({ message }) => message.isResponse).map(({ message }) => message);

describe('the announcer', () => {
  it('announces the device, and takes it back when it is told to stop', async () => {
    const { sockets, pass, stop } = start();
    await pass(3_000);
    assert.equal(sockets.sent.length, 5);
    await stop();
    const goodbye = sockets.sent.at(-1)?.message;
    assert.ok(goodbye?.isResponse && goodbye.answers.every(({ ttl }) => ttl === 0));
    assert.ok(sockets.isClosed);
  });

  it('answers a simple resolver at once, and only it', async () => {
    const { sockets, pass, stop } = start();
    await pass(3_000);
    const before = sockets.sent.length;
    sockets.ask();
    assert.deepEqual(
      sockets.sent.slice(before).map(({ to }) => to),
      [laptop],
    );
    await stop();
  });

  it('answers a flood at a bounded rate, and everybody again when it is over', async () => {
    const { sockets, pass, stop } = start();
    await pass(3_000);
    const before = sockets.sent.length;
    for (let n = 0; n < 10_000; n += 1) sockets.ask();
    assert.ok(sockets.sent.length - before <= 200);
    await pass(2_000);
    const quiet = sockets.sent.length;
    sockets.ask();
    assert.equal(sockets.sent.length, quiet + 1);
    await stop();
  });

  it('does not count what others say of other things', async () => {
    const { sockets, pass, stop } = start();
    await pass(3_000);
    const before = sockets.sent.length;
    for (let n = 0; n < 10_000; n += 1) sockets.ask('_http._tcp.local');
    sockets.ask();
    assert.equal(sockets.sent.length, before + 1);
    await stop();
  });

  it('follows the interfaces and the text within five seconds', async () => {
    const { sockets, world, pass, stop } = start({ links: [] });
    await pass(1_000);
    assert.deepEqual(sockets.sent, []);
    world.links = [eth0];
    await pass(8_000);
    assert.equal(answersIn(sockets).length, 2);
    world.text = ['paired=1'];
    await pass(8_000);
    const text = answersIn(sockets)
      .at(-1)
      ?.answers.find(({ type }) => type === 'TXT');
    assert.deepEqual(text?.data, ['paired=1']);
    await stop();
  });

  it('tells who listens what others announce, and which addresses are its own', async () => {
    const { sockets, heard, pass, stop } = start();
    await pass(3_000);
    const name = `hall.${serviceType}`;
    const answers = [{ type: 'PTR', name: serviceType, data: name, ttl: 120, flush: false }] as const;
    const bytes = encodeMessage({ ...emptyMessage, isResponse: true, answers });
    sockets.options.onPacket(eth0, bytes, { ...laptop, port: 40_000 });
    assert.deepEqual(heard, ['own 192.168.1.1'], 'another port announces nothing');
    sockets.options.onPacket(eth0, bytes, { ...laptop, port: 5_353 });
    assert.deepEqual(heard, ['own 192.168.1.1', serviceType]);
    await stop();
  });

  it('goes on trying when the port cannot be had, and says so once', async () => {
    const { sockets, warnings, pass, stop } = start({ isUsable: false });
    await pass(20_000);
    assert.deepEqual(sockets.sent, []);
    assert.equal(warnings.length, 1);
    sockets.isUsable = true;
    await pass(8_000);
    assert.equal(answersIn(sockets).length, 2);
    await stop();
  });

  it('wakes seldom while nothing happens', async () => {
    const { clock, sockets, pass, stop } = start();
    await pass(6_000);
    const before = sockets.sent.length;
    const from = clock.monotonicMs();
    await pass(60_000);
    assert.equal(clock.sleeping, 1);
    assert.ok(clock.monotonicMs() - from >= 60_000);
    assert.equal(sockets.sent.length, before);
    await stop();
    assert.equal(clock.sleeping, 0);
  });
});
