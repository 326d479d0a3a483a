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
