/** Rules for name resolution: resolv.conf and the hosts file of a pod's containers. */
import { checkDnsSubdomain } from '../../../names.ts';
import { invalidValue, requiredValue } from '../../../schema/field-error.ts';
import type { FieldError } from '../../../schema/kind.ts';
import { checkIpAddress, complaints } from '../../common/checks.ts';
import type { PodDNSConfig, PodSpec } from '../types.ts';

/** Limits of the C library, and of Kubernetes on top of it. */
const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;

export function validateDns(spec: PodSpec, path: string): FieldError[] {
  return [...validateConfig(spec, `${path}.dnsConfig`), ...validateHostAliases(spec, `${path}.hostAliases`)];
}

function validateConfig({ dnsPolicy, dnsConfig }: PodSpec, path: string): FieldError[] {
  if (dnsPolicy === 'None') {
    if (dnsConfig === undefined) {
      return [requiredValue(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    }
    if ((dnsConfig.nameservers ?? []).length === 0) {
      const words = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      return [requiredValue(`${path}.nameservers`, words)];
    }
  }
  return dnsConfig === undefined ? [] : validateEntries(dnsConfig, path);
}

function validateEntries({ nameservers = [], searches = [], options = [] }: PodDNSConfig, path: string): FieldError[] {
  return [
    ...(nameservers.length > maxNameservers
      ? [invalidValue(`${path}.nameservers`, nameservers, `must not have more than ${maxNameservers} nameservers`)]
      : []),
    ...nameservers.flatMap((server, index) =>
      complaints(`${path}.nameservers[${index}]`, server, checkIpAddress(server)),
    ),
    ...(searches.length > maxSearches
      ? [invalidValue(`${path}.searches`, searches, `must not have more than ${maxSearches} search paths`)]
      : []),
    ...(searches.join(' ').length > maxSearchCharacters
      ? [
          invalidValue(
            `${path}.searches`,
            searches,
            `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`,
          ),
        ]
      : []),
    ...searches.flatMap((search, index) => complaints(`${path}.searches[${index}]`, search, checkSearch(search))),
    ...options.flatMap(({ name }, index) =>
      name ? [] : [requiredValue(`${path}.options[${index}]`, 'must not be empty')],
    ),
  ];
}

/** A domain, with or without the final dot; the dot alone is the root; labels may start with an underscore. */
function checkSearch(search: string): string[] {
  if (search === '.') return [];
  return checkDnsSubdomain(search.replace(/\.$/, '').replaceAll('_', 'x'));
}

function validateHostAliases({ hostAliases = [] }: PodSpec, path: string): FieldError[] {
  return hostAliases.flatMap(({ ip = '', hostnames = [] }, index) => [
    ...(ip === '' ? [] : complaints(`${path}[${index}].ip`, ip, checkIpAddress(ip))),
    ...hostnames.flatMap((name, i) => complaints(`${path}[${index}].hostnames[${i}]`, name, checkDnsSubdomain(name))),
  ]);
}
