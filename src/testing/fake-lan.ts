/** A network in memory for `eli`: what it asks goes to a function, and what that gives comes back as from a device. */
import assert from 'node:assert/strict';
import type { LanAccess } from '../cli/discovery/lan.ts';
import { encodeDeviceText, serviceType } from '../lib/mdns/eliot-service.ts';
import type { Link } from '../lib/mdns/links.ts';
import { decodeMessage, emptyMessage, encodeMessage, type MdnsMessage, type MdnsRecord } from '../lib/mdns/message.ts';

export interface LanDevice {
  readonly node: string;
  readonly address: string;
  /** A digit that fills the fingerprint, or all of it. */
  readonly fingerprint: string;
  readonly port?: number;
  readonly isPaired?: boolean;
  /** Name of its instance, when that is not the node's. */
  readonly instance?: string;
}

const eth0 = { address: '192.168.1.200', netmask: '255.255.255.0', mac: '', internal: false, scopeid: 0 };

/** The whole description of a device, as it sends it. */
export function answerOf({
  node,
  address,
  fingerprint,
  port = 6443,
  isPaired = false,
  instance = node,
}: LanDevice): MdnsMessage {
  const name = `${instance}.${serviceType}`;
  const host = `host-${address.replace(/[.:]/g, '-')}.local`;
  const fp = fingerprint.length === 64 ? fingerprint : fingerprint.repeat(64);
  const text = encodeDeviceText({ version: '0.1.0', node, fingerprint: fp, isPaired });
  const own = { ttl: 120, flush: true };
  const additionals: MdnsRecord[] = [
    { type: 'SRV', name, data: { target: host, port }, ...own },
    { type: 'TXT', name, data: text, ...own },
    { type: address.includes(':') ? 'AAAA' : 'A', name: host, data: address, ...own },
  ];
  const pointer = { type: 'PTR' as const, name: serviceType, data: name, ttl: 4_500, flush: false };
  return { ...emptyMessage, isResponse: true, answers: [pointer], additionals };
}

/** @param answer to each question; it counts from 1 */
export function fakeLan(
  answer: (question: MdnsMessage, number: number) => readonly MdnsMessage[],
): LanAccess & { readonly asked: () => number } {
  let asked = 0;
  return {
    asked: () => asked,
    interfaces: async () => ({ eth0: [{ ...eth0, family: 'IPv4', cidr: '192.168.1.200/24' }] }),
    openSockets: async ({ onPacket, mode }) => {
      let links: readonly Link[] = [];
      let isOpen = true;
      return {
        setLinks: async (wanted) => {
          links = wanted;
          return { open: links.map(({ name }) => name), fresh: [] };
        },
        send: async (_name, bytes) => {
          if (mode === 'shared') return;
          const question = decodeMessage(bytes);
          assert.ok(question);
          asked += 1;
          const [link] = links;
          for (const message of answer(question, asked)) {
            setImmediate(() => {
              if (link && isOpen) onPacket(link, encodeMessage(message), { address: '192.168.1.1', port: 5353 });
            });
          }
        },
        close: () => {
          isOpen = false;
        },
      };
    },
  };
}
