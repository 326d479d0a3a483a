import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { describe, it } from 'node:test';
import type { Interfaces } from '../../lib/mdns/links.ts';
import { announcedLinks } from './announced-links.ts';

const entry = (cidr: string): NetworkInterfaceInfo =>
  ({
    address: cidr.split('/')[0],
    cidr,
    internal: cidr.startsWith('127.'),
    family: cidr.includes(':') ? 'IPv6' : 'IPv4',
  }) as NetworkInterfaceInfo;

const interfaces: Interfaces = {
  lo: [entry('127.0.0.1/8')],
  eth0: [entry('192.168.1.7/24'), entry('192.168.1.8/24'), entry('fd00::7/64')],
  eth1: [entry('10.0.0.7/8')],
  eliot0: [entry('10.85.0.1/16')],
};

const announced = (host: string): Record<string, string[]> =>
  Object.fromEntries(
    announcedLinks(interfaces, host, (name) => name.startsWith('eliot')).map(({ name, addresses }) => [
      name,
      addresses.map(({ address }) => address),
    ]),
  );

describe('a device that listens', () => {
  for (const { at, on } of [
    { at: '0.0.0.0', on: { eth0: ['192.168.1.7', '192.168.1.8'], eth1: ['10.0.0.7'] } },
    { at: '::', on: { eth0: ['192.168.1.7', '192.168.1.8', 'fd00::7'], eth1: ['10.0.0.7'] } },
    { at: '192.168.1.8', on: { eth0: ['192.168.1.8'] } },
    { at: 'fd00::7', on: { eth0: ['fd00::7'] } },
    { at: '127.0.0.1', on: { lo: ['127.0.0.1'] } },
    { at: '10.85.0.1', on: {} },
    { at: '203.0.113.1', on: {} },
  ]) {
    it(`at ${at} announces ${Object.values(on).flat().join(', ') || 'nothing'}`, () =>
      assert.deepEqual(announced(at), on));
  }
});
