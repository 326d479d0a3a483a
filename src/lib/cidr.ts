/** IPv4 networks, as `10.85.0.0/16`. */

/** Whether an IPv4 address lies in a network. */
export function isInCidr(address: string, cidr: string): boolean {
  const [base = '', length = '32'] = cidr.split('/');
  const bits = Number(length);
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
  return (toNumber(address) & mask) >>> 0 === (toNumber(base) & mask) >>> 0;
}

/** The first address of a network, which the bridge gets. */
export function gatewayOf(cidr: string): string {
  const [base = '', length = '32'] = cidr.split('/');
  const mask = Number(length) === 0 ? 0 : (0xffffffff << (32 - Number(length))) >>> 0;
  const first = (((toNumber(base) & mask) >>> 0) + 1) >>> 0;
  return [24, 16, 8, 0].map((shift) => (first >>> shift) & 0xff).join('.');
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
}
