/** The rules of RFC 6762, on a network that exists in memory: what one says all others on the link hear. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceType } from '../../lib/mdns/eliot-service.ts';
import type { Link } from '../../lib/mdns/links.ts';
import {
  decodeMessage,
  emptyMessage,
  encodeMessage,
  type MdnsMessage,
  type MdnsQuestion,
  type MdnsRecord,
} from '../../lib/mdns/message.ts';
import { Responder } from './responder.ts';

interface Said {
  readonly atMs: number;
  readonly by: string;
  readonly link: string;
  readonly to: string;
  readonly message: MdnsMessage;
}

const link = (address: string, name = 'eth0'): Link => ({
  name,
  address,
  addresses: [{ address, family: 'IPv4', cidr: `${address}/24` }],
});

/** A network that several devices are in; time goes on in steps of 10 ms. */
class Lan {
  nowMs: number;
  readonly said: Said[] = [];
  readonly #devices = new Map<string, Responder>();

  constructor(nowMs = 0) {
    this.nowMs = nowMs;
  }

  /** A device that begins to announce itself now. */
  add(
    address: string,
    name: string,
    options: { host?: string; random?: number; links?: readonly Link[] } = {},
  ): Responder {
    const service = { name, host: options.host ?? `host-${address.replaceAll('.', '-')}`, port: 6443, text: ['v=1'] };
    const responder = new Responder({ service, random: () => options.random ?? 0 });
    responder.setLinks(options.links ?? [link(address)], new Set(), this.nowMs);
    this.join(address, responder);
    return responder;
  }

  /** A device that comes from elsewhere. */
  join(address: string, responder: Responder): void {
    this.#devices.set(address, responder);
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 10) {
      for (const [address, device] of this.#devices) {
        if (device.dueMs > this.nowMs) continue;
        for (const { link, message } of device.tick(this.nowMs)) this.say(address, message, link);
      }
    }
  }

  /** Everybody hears it, the speaker too, as it came over the wire. */
  say(from: string, message: MdnsMessage, link = 'eth0', port = 5353): void {
    this.said.push({ atMs: this.nowMs, by: from, link, to: 'group', message });
    for (const [address, device] of this.#devices) {
      const heard = decodeMessage(encodeMessage(message));
      assert.ok(heard);
      // The wire does not carry it, for our own questions never ask for it.
      const questions = message.questions;
      const answer = device.hear(link, { ...heard, questions }, { address: from, port }, this.nowMs);
      if (answer)
        this.said.push({ atMs: this.nowMs, by: address, link: answer.link, to: from, message: answer.message });
    }
  }

  /** Asks as a laptop would, and gives what is said to that within a second. */
  ask(questions: readonly Partial<MdnsQuestion>[], known: readonly MdnsRecord[] = [], change: object = {}): Said[] {
    const before = this.said.length + 1;
    const { port = 5353, ...message } = change as { port?: number };
    this.say(
      '192.168.1.200',
      {
        ...emptyMessage,
        questions: questions.map((one) => ({ name: serviceType, type: 'PTR', wantsUnicast: false, ...one })),
        answers: known,
        ...message,
      },
      'eth0',
      port,
    );
    this.run(1_000);
    return this.said.slice(before);
  }
}

const typeQuestion = { name: serviceType, type: 'PTR', wantsUnicast: false };
const nameOf = (device: Responder): string => device.names.instance.replace(`.${serviceType}`, '');
const summary = (records: readonly MdnsRecord[]): string[] => records.map(({ type }) => type);

describe('a device that comes into a network', () => {
  it('asks three times whether its name is free, and then announces it twice', () => {
    const lan = new Lan();
    const device = lan.add('192.168.1.1', 'kitchen');
    lan.run(3_000);
    assert.deepEqual(
      lan.said.map(({ atMs, message }) => [atMs, message.isResponse]),
      [
        [0, false],
        [250, false],
        [500, false],
        [750, true],
        [1_750, true],
      ],
    );
    assert.ok(device.isAnnounced);
    const [probe, , , announcement] = lan.said.map(({ message }) => message);
    assert.deepEqual(
      probe?.questions.map(({ name, type }) => [name, type]),
      [
        ['kitchen._eliot._tcp.local', 'ANY'],
        ['host-192-168-1-1.local', 'ANY'],
      ],
    );
    assert.deepEqual(summary(probe?.authorities ?? []), ['SRV', 'TXT', 'A']);
    assert.deepEqual(summary(announcement?.answers ?? []), ['PTR', 'PTR', 'SRV', 'TXT', 'A', 'NSEC']);
    assert.deepEqual(
      announcement?.answers.map(({ flush, ttl }) => [flush, ttl]),
      [
        [false, 4_500],
        [false, 4_500],
        [true, 120],
        [true, 4_500],
        [true, 120],
        [true, 120],
      ],
    );
  });

  it('says nothing more while nobody asks', () => {
    const lan = new Lan();
    lan.add('192.168.1.1', 'kitchen');
    lan.run(3_000);
    const before = lan.said.length;
    lan.run(60_000);
    assert.equal(lan.said.length, before);
  });

  it('takes a number when another device has its name', () => {
    const lan = new Lan();
    const first = lan.add('192.168.1.1', 'kitchen');
    lan.run(3_000);
    const second = lan.add('192.168.1.2', 'kitchen');
    const third = lan.add('192.168.1.3', 'kitchen', { random: 0.9 });
    lan.run(10_000);
    assert.equal(nameOf(first), 'kitchen');
    assert.deepEqual([second, third].map(nameOf).sort(), ['kitchen (2)', 'kitchen (3)']);
    assert.ok([first, second, third].every(({ isAnnounced }) => isAnnounced));
  });

  it('settles it with others who come in the same moment', () => {
    const lan = new Lan();
    const devices = [1, 2, 3, 4].map((n) => lan.add(`192.168.1.${n}`, 'kitchen'));
    lan.run(20_000);
    assert.deepEqual(devices.map(nameOf).sort(), ['kitchen', 'kitchen (2)', 'kitchen (3)', 'kitchen (4)']);
    assert.ok(devices.every(({ isAnnounced }) => isAnnounced));
  });

  it('settles it when two networks are joined', () => {
    const lan = new Lan();
    const other = new Lan();
    const first = lan.add('192.168.1.1', 'kitchen');
    const second = other.add('192.168.1.2', 'kitchen');
    lan.run(3_000);
    other.run(3_000);
    const joined = new Lan(3_000);
    joined.join('192.168.1.1', first);
    joined.join('192.168.1.2', second);
    joined.ask([{}]);
    joined.run(10_000);
    assert.deepEqual([first, second].map(nameOf).sort(), ['kitchen', 'kitchen (2)']);
    assert.ok(first.isAnnounced && second.isAnnounced);
  });

  it('gives way slowly when name after name is taken', () => {
    const lan = new Lan();
    const device = lan.add('192.168.1.1', 'kitchen');
    const taken: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const { names } = device;
      lan.run(20);
      const claim = { type: 'A' as const, name: names.host, data: '192.168.1.99', ttl: 120, flush: true };
      lan.say('192.168.1.99', { ...emptyMessage, isResponse: true, answers: [claim] });
      taken.push(lan.nowMs);
    }
    assert.equal(nameOf(device), 'kitchen (21)');
    const before = lan.said.length;
    lan.run(4_900);
    assert.equal(lan.said.length, before);
    lan.run(200);
    assert.equal(lan.said.length, before + 1);
  });

  it('is two devices for others when its memory card was copied, though both say the same of themselves', () => {
    const lan = new Lan();
    const first = lan.add('192.168.1.1', 'kitchen', { host: 'eliot-abc' });
    lan.run(3_000);
    const copy = lan.add('192.168.1.2', 'kitchen', { host: 'eliot-abc' });
    lan.run(5_000);
    assert.deepEqual([first.names.host, copy.names.host], ['eliot-abc.local', 'eliot-abc-2.local']);
    assert.equal(nameOf(copy), 'kitchen (2)');
  });

  it('does not take itself for another, though two of its interfaces are in one network', () => {
    const lan = new Lan();
    const links = [link('192.168.1.1', 'eth0'), link('192.168.1.2', 'wlan0')];
    const device = lan.add('192.168.1.1', 'kitchen', { links });
    lan.run(3_000);
    for (const { message, link: from } of lan.said.filter((one) => one.message.isResponse)) {
      device.hear(from === 'eth0' ? 'wlan0' : 'eth0', message, { address: '192.168.1.1', port: 5353 }, lan.nowMs);
    }
    lan.run(3_000);
    assert.equal(nameOf(device), 'kitchen');
    assert.ok(device.isAnnounced);
  });
});

describe('a device that is asked', () => {
  const announced = (): Lan => {
    const lan = new Lan();
    lan.add('192.168.1.1', 'kitchen');
    lan.run(5_000);
    return lan;
  };

  it('tells all that is needed to reach it, to everybody, within 120 ms', () => {
    const lan = announced();
    const askedMs = lan.nowMs;
    const [answer, ...more] = lan.ask([{}]);
    assert.deepEqual(more, []);
    assert.equal(answer?.to, 'group');
    assert.ok(answer.atMs - askedMs >= 20 && answer.atMs - askedMs <= 120);
    assert.deepEqual(summary(answer.message.answers), ['PTR']);
    assert.deepEqual(summary(answer.message.additionals), ['SRV', 'TXT', 'A', 'NSEC']);
  });

  it('answers several who ask at once with one message', () => {
    const lan = announced();
    const before = lan.said.length;
    for (let n = 0; n < 10; n += 1) lan.say('192.168.1.200', { ...emptyMessage, questions: [typeQuestion] });
    lan.run(1_000);
    assert.equal(lan.said.length, before + 11);
  });

  it('sends no record twice within a second, however often it is asked', () => {
    const lan = announced();
    const before = lan.said.length;
    for (let n = 0; n < 100; n += 1) {
      lan.say('192.168.1.200', { ...emptyMessage, questions: [typeQuestion] });
      lan.run(50);
    }
    const answers = lan.said.slice(before).filter(({ message }) => message.isResponse);
    assert.ok(answers.length <= 6, `${answers.length} answers in 5 s`);
  });

  it('keeps silent when the asker knows it, for at least half of its time', () => {
    const known = { type: 'PTR' as const, name: serviceType, data: `kitchen.${serviceType}`, ttl: 2_250, flush: false };
    assert.deepEqual(announced().ask([{}], [known]), []);
    assert.equal(announced().ask([{}], [{ ...known, ttl: 2_249 }]).length, 1);
    assert.equal(announced().ask([{}], [{ ...known, data: `garage.${serviceType}` }]).length, 1);
  });

  it('waits for known answers that come in a second message', () => {
    const lan = announced();
    const known = { type: 'PTR' as const, name: serviceType, data: `kitchen.${serviceType}`, ttl: 4_500, flush: false };
    const before = lan.said.length;
    lan.say('192.168.1.200', { ...emptyMessage, isTruncated: true, questions: [typeQuestion] });
    lan.run(300);
    lan.say('192.168.1.200', { ...emptyMessage, answers: [known] });
    lan.run(1_000);
    assert.equal(lan.said.length, before + 2);
    assert.equal(announced().ask([{}], [], { isTruncated: true }).length, 1);
  });

  it('tells the asker alone when that is wanted, at once and each time', () => {
    const lan = announced();
    const answers = [0, 1].map(() => lan.ask([{ wantsUnicast: true }]));
    assert.deepEqual(
      answers.map((one) => one.map(({ to }) => to)),
      [['192.168.1.200'], ['192.168.1.200']],
    );
  });

  it('gives a simple resolver its question back, with nothing to remember for long', () => {
    const [answer] = announced().ask([{}], [], { port: 40_000, id: 77 });
    assert.equal(answer?.to, '192.168.1.200');
    assert.equal(answer.message.id, 77);
    assert.deepEqual(answer.message.questions, [typeQuestion]);
    const { answers, additionals } = answer.message;
    assert.ok([...answers, ...additionals].every(({ ttl, flush }) => ttl <= 10 && !flush));
  });

  for (const { asked, answers } of [
    { asked: { name: `KITCHEN.${serviceType}`, type: 'ANY' }, answers: ['SRV', 'TXT'] },
    { asked: { name: `kitchen.${serviceType}`, type: 'SRV' }, answers: ['SRV'] },
    { asked: { name: 'host-192-168-1-1.local', type: 'A' }, answers: ['A'] },
    { asked: { name: 'host-192-168-1-1.local', type: 'AAAA' }, answers: ['NSEC'] },
    { asked: { name: '_services._dns-sd._udp.local', type: 'PTR' }, answers: ['PTR'] },
    { asked: { name: '_http._tcp.local', type: 'PTR' }, answers: [] },
    { asked: { name: 'garage.local', type: 'ANY' }, answers: [] },
  ]) {
    it(`about ${asked.name} ${asked.type} says ${answers.join(', ') || 'nothing'}`, () => {
      const said = announced().ask([asked]);
      assert.deepEqual(
        said.flatMap(({ message }) => summary(message.answers)),
        answers,
      );
    });
  }

  it('defends its name at once against who is about to take it', () => {
    const lan = announced();
    const claim = { type: 'A' as const, name: 'host-192-168-1-1.local', data: '192.168.1.99', ttl: 120, flush: false };
    const askedMs = lan.nowMs;
    const [answer] = lan.ask([{ name: claim.name, type: 'ANY' }], [], { authorities: [claim] });
    assert.equal(answer?.to, 'group');
    assert.ok(answer.atMs - askedMs <= 10);
  });
});

describe('a device whose circumstances change', () => {
  it('announces its new text, without asking for its name again', () => {
    const lan = new Lan();
    const device = lan.add('192.168.1.1', 'kitchen');
    lan.run(3_000);
    const before = lan.said.length;
    device.setText(['v=1', 'paired=1'], lan.nowMs);
    device.setText(['v=1', 'paired=1'], lan.nowMs);
    lan.run(3_000);
    const said = lan.said.slice(before).map(({ message }) => message);
    assert.deepEqual(
      said.map(({ isResponse }) => isResponse),
      [true, true],
    );
    const text = said[0]?.answers.find(({ type }) => type === 'TXT');
    assert.deepEqual(text?.data, ['v=1', 'paired=1']);
  });

  it('announces its new address', () => {
    const lan = new Lan();
    const device = lan.add('192.168.1.1', 'kitchen');
    lan.run(3_000);
    device.setLinks([link('192.168.1.50')], new Set(), lan.nowMs);
    lan.run(3_000);
    const last = lan.said.at(-1)?.message.answers.find(({ type }) => type === 'A');
    assert.equal(last?.data, '192.168.1.50');
    assert.equal(nameOf(device), 'kitchen');
  });

  it('says on each link its addresses there, and begins anew on one that was away', () => {
    const lan = new Lan();
    const links = [link('192.168.1.1', 'eth0'), link('10.0.0.1', 'eth1')];
    const device = lan.add('192.168.1.1', 'kitchen', { links });
    lan.run(3_000);
    const addresses = (name: string): string[] =>
      lan.said
        .filter((one) => one.link === name && one.message.isResponse)
        .flatMap(({ message }) => message.answers.flatMap((record) => (record.type === 'A' ? [record.data] : [])));
    assert.deepEqual(addresses('eth0'), ['192.168.1.1', '192.168.1.1']);
    assert.deepEqual(addresses('eth1'), ['10.0.0.1', '10.0.0.1']);
    const before = lan.said.length;
    device.setLinks(links, new Set(['eth1']), lan.nowMs);
    lan.run(3_000);
    assert.deepEqual([...new Set(lan.said.slice(before).map((one) => one.link))], ['eth1']);
  });

  it('takes back what it said when it ends, but not that the type exists', () => {
    const lan = new Lan();
    const device = lan.add('192.168.1.1', 'kitchen');
    assert.deepEqual(device.goodbye(), []);
    lan.run(3_000);
    const [goodbye] = device.goodbye();
    assert.deepEqual(summary(goodbye?.message.answers ?? []), ['PTR', 'SRV', 'TXT', 'A']);
    assert.ok(goodbye?.message.answers.every(({ ttl }) => ttl === 0));
  });
});

describe('the name of an instance', () => {
  it('is one label of at most 63 bytes, its number included', () => {
    const lan = new Lan();
    assert.equal(nameOf(lan.add('192.168.1.1', 'pi.example.com')), 'pi-example-com');
    const long = 'a'.repeat(100);
    const first = lan.add('192.168.1.2', long);
    lan.run(3_000);
    const second = lan.add('192.168.1.3', long);
    lan.run(5_000);
    assert.equal(nameOf(first), 'a'.repeat(63));
    assert.equal(nameOf(second), `${'a'.repeat(59)} (2)`);
  });
});
