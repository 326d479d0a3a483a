/**
 * What names may look like, in Kubernetes' words (k8s.io/apimachinery `util/validation`).
 *
 * Every check gives a list of complaints, empty when the name is fine; each reads after
 * `Invalid value: "…": `.
 */
import { randomInt } from 'node:crypto';

const dnsLabel = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dnsSubdomain = `${dnsLabel}(\\.${dnsLabel})*`;
const dns1035Label = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedName})?`;
const configKey = '[-._a-zA-Z0-9]+';

const subdomainMaxLength = 253;
const labelMaxLength = 63;

/** Names of pods' containers, volumes and namespaces: at most 63 of `a-z0-9-`. */
export function checkDnsLabel(value: string): string[] {
  return [
    ...tooLong(value, labelMaxLength, 'characters'),
    ...(matches(value, dnsSubdomain) && value.includes('.')
      ? ['must not contain dots']
      : mismatch(
          value,
          dnsLabel,
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
          ['my-name', '123-abc'],
        )),
  ];
}

/** Names of most objects: DNS labels joined by dots, at most 253 characters. */
export function checkDnsSubdomain(value: string): string[] {
  return checkSubdomain(value, 'characters');
}

function checkSubdomain(value: string, unit: LengthUnit): string[] {
  return [
    ...tooLong(value, subdomainMaxLength, unit),
    ...mismatch(
      value,
      dnsSubdomain,
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      ['example.com'],
    ),
  ];
}

/** Names of services: a DNS label that starts with a letter. */
export function checkDns1035Label(value: string): string[] {
  return [
    ...tooLong(value, labelMaxLength, 'characters'),
    ...mismatch(
      value,
      dns1035Label,
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
      ['my-name', 'abc-123'],
    ),
  ];
}

/** Keys of labels and annotations: `name` or `prefix.example.com/name`. */
export function checkQualifiedName(value: string): string[] {
  const words =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const examples = ['MyName', 'my.name', '123-abc'];
  const parts = value.split('/');
  if (parts.length > 2) {
    const form = regexComplaint(`a qualified name ${words}`, qualifiedName, examples);
    return [`${form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const prefixComplaints =
    prefix === ''
      ? ['prefix part must be non-empty']
      : prefix === undefined
        ? []
        : checkSubdomain(prefix, 'bytes').map((complaint) => `prefix part ${complaint}`);
  return [
    ...prefixComplaints,
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...tooLong(name, labelMaxLength, 'bytes').map((complaint) => `name part ${complaint}`),
    ...mismatch(name, qualifiedName, `name part ${words}`, examples),
  ];
}

/** Values of labels: empty, or at most 63 characters. */
export function checkLabelValue(value: string): string[] {
  return [
    ...tooLong(value, labelMaxLength, 'bytes'),
    ...mismatch(
      value,
      labelValue,
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      ['MyValue', 'my_value', '12345'],
    ),
  ];
}

/** Names of environment variables, by the relaxed rule that is Kubernetes' own since 1.34. */
export function checkEnvName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  if (/^[\x20-\x3c\x3e-\x7e]*$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** Keys of config maps and secrets, which become file names. */
export function checkConfigKey(value: string): string[] {
  return [
    ...tooLong(value, subdomainMaxLength, 'characters'),
    ...mismatch(value, configKey, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", [
      'key.name',
      'KEY_NAME',
      'key-name',
    ]),
    ...changesDirectory(value),
  ];
}

/** Names of container ports: IANA service names, at most 15 characters. */
export function checkPortName(value: string): string[] {
  return [
    ...tooLong(value, 15, 'characters'),
    ...(/^[-a-z0-9]+$/.test(value) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(value) ? [] : ['must contain at least one letter (a-z)']),
    ...(value.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(value.startsWith('-') || value.endsWith('-') ? ['must not begin or end with a hyphen'] : []),
  ];
}

/** Names that only have to fit into a URL path. */
export function checkPathSegment(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((illegal) => value.includes(illegal)).map((illegal) => `may not contain '${illegal}'`);
}

/** No vowels and no look-alikes, so that no words and no mistakes arise. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;

/**
 * A name for `metadata.generateName`: the prefix, cut to 58 characters, and 5 random ones.
 *
 * @param random gives a whole number from 0 to one less than its argument
 */
export function generateName(prefix: string, random: (below: number) => number = (below) => randomInt(below)): string {
  const suffix = Array.from({ length: suffixLength }, () => suffixAlphabet.charAt(random(suffixAlphabet.length)));
  return prefix.slice(0, labelMaxLength - suffixLength) + suffix.join('');
}

/** Kubernetes counts bytes everywhere, but says so only in the checks that it has moved (1.35: label keys and values). */
type LengthUnit = 'bytes' | 'characters';

function tooLong(value: string, max: number, unit: LengthUnit): string[] {
  return Buffer.byteLength(value) > max ? [`must be no more than ${max} ${unit}`] : [];
}

function mismatch(value: string, regex: string, words: string, examples: readonly string[]): string[] {
  return matches(value, regex) ? [] : [regexComplaint(words, regex, examples)];
}

function matches(value: string, regex: string): boolean {
  return new RegExp(`^(?:${regex})$`).test(value);
}

/** The spelling of Kubernetes' RegexError, down to its comma before `or`. */
function regexComplaint(words: string, regex: string, examples: readonly string[]): string {
  const quoted = examples.map((example) => `'${example}', `).join(' or ');
  return `${words} (e.g. ${quoted}regex used for validation is '${regex}')`;
}

function changesDirectory(value: string): string[] {
  if (value === '.' || value === '..') return [`must not be '${value}'`];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}
