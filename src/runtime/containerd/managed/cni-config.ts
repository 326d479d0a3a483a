/**
 * The pod network: a bridge with host-local addresses and port mapping.
 *
 * Without `ipMasq`: it costs 20 ms at a pod's start, 50 ms at its stop and a chain a pod; one masquerade rule for
 * the whole pod network does the same (`pod-network.ts`). Addresses are leased on tmpfs: leases must not outlive
 * a boot, and flash is spared.
 */
export interface CniConfigInput {
  /** Unique on the machine: it names the results CNI keeps in /var/lib/cni. */
  readonly network: string;
  readonly bridge: string;
  /** IPv4, for example `10.85.0.0/16`; its first address is the bridge's own. */
  readonly podCidr: string;
  readonly leaseDirectory: string;
}

/** The content of a `.conflist` file. */
export function cniConfig(input: CniConfigInput): string {
  const document = {
    cniVersion: '0.4.0',
    name: input.network,
    plugins: [
      {
        type: 'bridge',
        bridge: input.bridge,
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: input.leaseDirectory,
          ranges: [[{ subnet: input.podCidr }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

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
