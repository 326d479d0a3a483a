/**
 * Devices as what is said on the network describes them. Anybody can say anything there: what is kept is bounded, of a form
 * that may reach a terminal, and never proof of anything. Who connects to a device checks its certificate.
 */
import { type DeviceText, decodeDeviceText, serviceType } from '../../lib/mdns/eliot-service.ts';
import { type MdnsMessage, type MdnsQuestion, type MdnsRecord, nameKey } from '../../lib/mdns/message.ts';

export interface FoundDevice extends DeviceText {
  /** Name on this network: the node's, with a number behind it when another device has that: `kitchen (2)`. */
  readonly instance: string;
  /** As the device ordered them; at least one. */
  readonly addresses: readonly string[];
  readonly port: number;
}

/** More are not looked at: a LAN has fewer, a joker has more. */
const maxDevices = 500;
const maxAddresses = 8;

/** What was said of one instance, until it makes a device. */
interface Instance {
  /** As it was written. */
  readonly name: string;
  text?: readonly string[];
  host?: string;
  port?: number;
}

export class FoundDevices {
  readonly #instances = new Map<string, Instance>();
  readonly #hosts = new Map<string, readonly string[]>();
  /** By the message that is being heard. */
  #isChanged = false;

  /** @returns whether it says something that was not known */
  hear(message: MdnsMessage): boolean {
    if (!message.isResponse) return false;
    this.#isChanged = false;
    // Names first: what describes them may stand before.
    const records = [...message.answers, ...message.additionals].sort((a, b) => order(a) - order(b));
    const flushed = new Set<string>();
    for (const record of records) this.#take(record, flushed);
    return this.#isChanged;
  }

  /** In order of their names. */
  get devices(): readonly FoundDevice[] {
    return [...this.#instances.values()]
      .flatMap((instance) => this.#deviceOf(instance) ?? [])
      .sort((a, b) => (a.instance < b.instance ? -1 : 1));
  }

  /** What is to be asked to complete those of which not all was said. */
  get missing(): readonly MdnsQuestion[] {
    const ask = (name: string, type: string): MdnsQuestion => ({ name, type, wantsUnicast: false });
    return [...this.#instances.values()].flatMap(({ name, text, host }) => {
      if (text === undefined || host === undefined) return [ask(name, 'ANY')];
      return this.#hosts.has(nameKey(host)) ? [] : [ask(host, 'ANY')];
    });
  }

  #take(record: MdnsRecord, flushed: Set<string>): void {
    const key = nameKey(record.name);
    if (record.type === 'PTR') {
      if (key === serviceType) this.#takeInstance(record.data, record.ttl);
      return;
    }
    if (record.type === 'A' || record.type === 'AAAA') {
      this.#takeAddress(key, record, flushed);
      return;
    }
    const instance = this.#instances.get(key);
    if (instance === undefined || record.ttl === 0) return;
    if (record.type === 'TXT' && record.data.join('\n') !== instance.text?.join('\n')) {
      instance.text = record.data;
      this.#isChanged = true;
    }
    if (record.type === 'SRV' && (record.data.target !== instance.host || record.data.port !== instance.port)) {
      Object.assign(instance, { host: record.data.target, port: record.data.port });
      this.#isChanged = true;
    }
  }

  #takeInstance(name: string, ttl: number): void {
    const key = nameKey(name);
    if (ttl === 0) {
      if (this.#instances.delete(key)) this.#isChanged = true;
    } else if (!this.#instances.has(key) && this.#instances.size < maxDevices) {
      this.#instances.set(key, { name });
      this.#isChanged = true;
    }
  }

  #takeAddress(key: string, { type, data, flush, ttl }: MdnsRecord, flushed: Set<string>): void {
    if (typeof data !== 'string' || ttl === 0) return;
    const group = `${type} ${key}`;
    const isNew = flush && !flushed.has(group);
    flushed.add(group);
    const isOfType = (address: string): boolean => address.includes(':') === (type === 'AAAA');
    const before = this.#hosts.get(key) ?? [];
    const known = before.filter((address) => !isNew || !isOfType(address));
    const isFull = known.length >= maxAddresses || (before.length === 0 && this.#hosts.size >= maxDevices);
    if (known.includes(data) || isFull) return;
    this.#hosts.set(key, [...known, data]);
    if (!before.includes(data) || known.length < before.length - 1) this.#isChanged = true;
  }

  #deviceOf({ name, text, host, port }: Instance): FoundDevice | undefined {
    const described = text && decodeDeviceText(text);
    const addresses = host === undefined ? undefined : this.#hosts.get(nameKey(host));
    if (described === undefined || addresses === undefined || port === undefined || port === 0) return undefined;
    const label = name.slice(0, Math.max(0, name.length - serviceType.length - 1));
    return { ...described, instance: instanceName(label, described.node), addresses, port };
  }
}

/**
 * The node's name with the number that the label has: nothing else of it is taken.
 *
 * @param label what stands before the type of service
 */
export function instanceName(label: string, node: string): string {
  const [, number] = / \((\d{1,4})\)$/.exec(label) ?? [];
  return number === undefined ? node : `${node} (${number})`;
}

/** Two devices with a copied memory card have one fingerprint, and different names on the network. */
export function isSameDevice(one: FoundDevice, other: FoundDevice): boolean {
  return one.fingerprint === other.fingerprint && one.instance === other.instance;
}

function order({ type }: MdnsRecord): number {
  return type === 'PTR' ? 0 : 1;
}
