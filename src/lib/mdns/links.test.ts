import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { describe, it } from 'node:test';
import { type Interfaces, linkOf, linksOf } from './links.ts';

const entry = (cidr: string, internal = false): NetworkInterfaceInfo =>
  ({
    address: cidr.split('/')[0],
    cidr,
    internal,
    family: cidr.includes(':') ? 'IPv6' : 'IPv4',
  }) as NetworkInterfaceInfo;

const interfaces: Interfaces = {
  lo: [entry('127.0.0.1/8', true)],
  eth0: [entry('192.168.1.7/24'), entry('fd00::7/64'), entry('fe80::1/64')],
  wlan0: [entry('192.168.1.9/24')],
  usb0: [entry('fe80::2/64')],
};
const all = (): boolean => true;

describe('the links of a machine', () => {
  it('are interfaces with an IPv4 address, with what is valid beyond one link', () => {
    const links = linksOf(interfaces, (_name, isLoopback) => !isLoopback);
    assert.deepEqual(
      links.map(({ name, address, addresses }) => [name, address, addresses.map((one) => one.address)]),
      [
        ['eth0', '192.168.1.7', ['192.168.1.7', 'fd00::7']],
        ['wlan0', '192.168.1.9', ['192.168.1.9']],
      ],
    );
  });

  it('are at most 16', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`eth${n}`, [entry(`10.0.${n}.1/24`)]]));
    assert.equal(linksOf(many, all).length, 16);
  });

  it('are told by the sender: its own address first, then its network', () => {
    const links = linksOf(interfaces, all);
    assert.equal(linkOf(links, '192.168.1.9')?.name, 'wlan0');
    assert.equal(linkOf(links, '192.168.1.20')?.name, 'eth0');
    assert.equal(linkOf(links, '127.0.0.1')?.name, 'lo');
    assert.equal(linkOf(links, '203.0.113.5'), undefined);
  });
});
