/**
 * The network that an address stands for when strangers are counted: of IPv6 the first 64 bits, for whoever has one address has
 * all of that network; of IPv4 the address itself. Pure.
 *
 * @param address as Node writes it; IPv4 in IPv6 (`::ffff:192.0.2.1`) is IPv4
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head = '', tail] = address.replace(/%.*$/, '').toLowerCase().split('::');
  const groupsOf = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const first = groupsOf(head);
  const last = groupsOf(tail ?? '');
  const groups = [...first, ...Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0'), ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
