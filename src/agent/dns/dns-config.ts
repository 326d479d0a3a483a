/**
 * The resolv.conf of a pod. A device has no cluster DNS: ClusterFirst behaves like Default, as the
 * kubelet falls back to it when it has no clusterDNS setting. Pure.
 */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { DnsConfig } from '../../runtime/runtime.ts';

/** glibc reads no more servers; longer search lists are cut as the kubelet does. */
const maxServers = 3;
const maxSearches = 32;

/** Reads the text of a resolv.conf; later `search` lines replace earlier ones, as in resolv.conf(5). */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: readonly string[] = [];
  let options: readonly string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0]) servers.push(values[0]);
    else if (keyword === 'search' || keyword === 'domain') searches = values.filter((domain) => domain !== '.');
    else if (keyword === 'options') options = values;
  }
  return { servers, searches, options };
}

/** The text of a resolv.conf. */
export function formatResolvConf({ servers, searches, options }: DnsConfig): string {
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Whether a server is the device itself, whatever network it is asked from. */
export function isLoopback(server: string): boolean {
  return /^127\.|^(0*:)*0*1$/.test(server);
}

/** @param host what the device itself uses */
export function podDnsConfig(pod: Pod, host: DnsConfig): DnsConfig {
  const base = pod.spec.dnsPolicy === 'None' ? { servers: [], searches: [], options: [] } : host;
  const extra = pod.spec.dnsConfig;
  const options = new Map(base.options.map((option) => [option.split(':')[0] ?? '', option]));
  for (const { name, value } of extra?.options ?? []) {
    if (name) options.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  }
  return {
    servers: unique([...base.servers, ...(extra?.nameservers ?? [])]).slice(0, maxServers),
    searches: unique([...base.searches, ...(extra?.searches ?? [])]).slice(0, maxSearches),
    options: [...options.values()],
  };
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
