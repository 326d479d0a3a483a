/** What a person types for a device that is not paired yet: an address, or a name to look for. */

/** Where eliotd listens unless it is told otherwise. */
const defaultPort = 6443;

export type DeviceAddress =
  | { readonly kind: 'address'; readonly server: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'nonsense' };

/**
 * `192.168.1.7`, `[fe80::1]:7443`, `kitchen.lan`, `https://kitchen:6443` are addresses; `kitchen` is a name.
 */
export function readDeviceAddress(typed: string): DeviceAddress {
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(typed) && typed !== 'localhost') return { kind: 'name', name: typed };
  const bare = typed.replace(/^https:\/\//, '').replace(/\/$/, '');
  // An IPv6 address without brackets has no port.
  const authority = (bare.match(/:/g) ?? []).length > 1 && !bare.startsWith('[') ? `[${bare}]` : bare;
  const url = `https://${authority}`;
  if (authority === '' || /[\s/@?#]/.test(authority) || !URL.canParse(url)) return { kind: 'nonsense' };
  // The port as it was typed: URL leaves out 443, which is none of ours to leave out.
  const hasPort = /(?:^|[^:]|\]):\d+$/.test(authority) && !authority.endsWith(']');
  return { kind: 'address', server: hasPort ? url : `${url}:${defaultPort}` };
}
