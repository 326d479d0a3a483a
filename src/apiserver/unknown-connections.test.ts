import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { FakeClock } from '../testing/fake-clock.ts';
import type { Socket } from './authn.ts';
import { UnknownConnections } from './unknown-connections.ts';

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  isOpen = true;

  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.isOpen = false;
    this.emit('close');
  }
}

/** A listener, and whoever connects to it. */
class Door {
  readonly clock = new FakeClock();
  /** What chance says next, from 0 up to 1. */
  chance = 0.5;
  readonly #connections = new UnknownConnections(this.clock, () => this.chance);
  #port = 0;

  open(address: string): FakeSocket {
    this.#port += 1;
    const socket = new FakeSocket(address, this.#port);
    this.#connections.admit(socket as unknown as Socket);
    return socket;
  }

  openAll(count: number, addressOf: (index: number) => string): FakeSocket[] {
    return Array.from({ length: count }, (_, index) => this.open(addressOf(index)));
  }
}

const countOpen = (sockets: readonly FakeSocket[]): number => sockets.filter(({ isOpen }) => isOpen).length;

describe('connections of whom nobody knows', () => {
  it('are at most so many', () => {
    assert.equal(countOpen(new Door().openAll(300, (index) => `127.0.1.${index % 200}`)), 128);
  });

  it('stay for their handshake while silent ones fill the places, from however many addresses', () => {
    const door = new Door();
    const strangers = door.openAll(128, (index) => `127.0.1.${index}`);
    door.clock.advance(1_000);
    const single = door.open('127.0.2.1');
    strangers.push(...door.openAll(72, (index) => `127.0.3.${index}`));
    assert.ok(single.isOpen);
    assert.equal(countOpen(strangers), 127);
  });

  it('are not ended in their order, so that a flood from many addresses does not end who came just before it', () => {
    const door = new Door();
    const single = door.open('127.0.2.1');
    door.openAll(200, (index) => `127.0.1.${index}`);
    assert.ok(single.isOpen);
    door.chance = 0;
    door.open('127.0.3.1');
    assert.ok(!single.isOpen);
  });

  it('of one IPv6 network count together, whatever addresses it has', () => {
    const door = new Door();
    const single = door.open('2001:db8:0:1::1');
    const other = door.open('127.0.0.1');
    door.chance = 0;
    door.openAll(300, (index) => `2001:db8:0:2::${index.toString(16)}`);
    assert.deepEqual([single.isOpen, other.isOpen], [true, true]);
  });

  it('of one address in a network give way before those of its neighbours', () => {
    const door = new Door();
    const neighbour = door.open('fe80::1');
    door.chance = 0;
    door.openAll(300, () => 'fe80::2');
    assert.ok(neighbour.isOpen);
  });
});
