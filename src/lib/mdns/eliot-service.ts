/**
 * How devices announce themselves on a LAN: DNS-SD (RFC 6763) over Multicast DNS. An instance of `_eliot._tcp.local`
 * has a host and a port (SRV), addresses (A, AAAA), and a TXT record that says who it is.
 */

/** Port and IPv4 group of Multicast DNS. */
export const mdnsPort = 5353;
export const mdnsGroup = '224.0.0.251';

/** The type of service; an instance is `NAME._eliot._tcp.local`. */
export const serviceType = '_eliot._tcp.local';
/** What is asked to learn which types there are (RFC 6763 section 9). */
export const typesOfServices = '_services._dns-sd._udp.local';

/** What the TXT record says. */
export interface DeviceText {
  /** Of eliotd. */
  readonly version: string;
  /** Name of the node; the instance may have got a number behind it. */
  readonly node: string;
  /** SHA-256 of the DER of the device's certificate authority, lower-case hex: its identity. */
  readonly fingerprint: string;
  /** Whether somebody was paired with it. */
  readonly isPaired: boolean;
}

export function encodeDeviceText({ version, node, fingerprint, isPaired }: DeviceText): readonly string[] {
  return [`v=${version}`, `node=${node}`, `fp=${fingerprint}`, `paired=${isPaired ? 1 : 0}`];
}

/** @returns undefined when it names no node or no fingerprint, as a device would */
export function decodeDeviceText(strings: readonly string[]): DeviceText | undefined {
  const values = new Map<string, string>();
  for (const text of strings) {
    const [key = '', ...rest] = text.split('=');
    // RFC 6763 section 6.4: the first of several counts; case does not.
    if (!values.has(key.toLowerCase())) values.set(key.toLowerCase(), rest.join('='));
  }
  const node = values.get('node') ?? '';
  const fingerprint = values.get('fp') ?? '';
  if (!isNodeName(node) || !/^[0-9a-f]{64}$/.test(fingerprint)) return undefined;
  const version = values.get('v') ?? '';
  return {
    version: /^[\w.+-]{1,64}$/.test(version) ? version : 'unknown',
    node,
    fingerprint,
    isPaired: values.get('paired') === '1',
  };
}

/** Kubernetes' rule for names of nodes; nothing else may reach a terminal or a file name. */
function isNodeName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
}
