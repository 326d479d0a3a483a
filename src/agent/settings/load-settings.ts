/**
 * Settings from their three places: flag over environment over file over default.
 * Everything unknown or wrong is refused at start with one line that names its place.
 */
import { parseArgs } from 'node:util';
import { loadAll as parseYaml } from 'js-yaml';
import * as v from 'valibot';
import { StatusError } from '../../lib/status-error.ts';
import { type Settings, settingsSchema } from './settings.ts';

export interface SettingsInput {
  /** Arguments after the program's name (and sub-command). */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the file of `--config`; may throw. */
  readonly readFile: (path: string) => string;
  /** Used when no node name is set. */
  readonly hostname: string;
}

export interface LoadedSettings extends Omit<Settings, 'nodeName' | 'podQuota'> {
  readonly nodeName: string;
  /** Whether flag, environment or file named the node; else it is called as the host, or as somebody renamed it. */
  readonly isNodeNameSet: boolean;
  readonly podQuota: number;
}

/** A full node can replace every one of its pods by a new one beside it. */
const podQuotaPerMaxPods = 2;

type Key = keyof Settings;
type Raw = Partial<Record<Key, unknown>>;

/** The settings that are flags, and so environment variables too: `dataDir` is `--data-dir` and `ELIOT_DATA_DIR`. */
export const flagKeys = [
  'dataDir',
  'runDir',
  'listen',
  'containerd',
  'nodeName',
  'labels',
  'discovery',
  'podCidr',
  'bridge',
  'showPairingCode',
  'logLevel',
] as const satisfies readonly Key[];

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const camel = (key: string): string => key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** @throws StatusError `Invalid` with one line for a person: which setting, where it stands, what is wrong */
export function loadSettings(input: SettingsInput): LoadedSettings {
  const { flags, config } = readFlags(input);
  const file = config === undefined ? {} : readConfigFile(config, input.readFile);
  const settings = { ...checked(file, (key) => `${config}: ${key}`) };
  Object.assign(
    settings,
    checkedOnly(readEnvironment(input.env), (key) => environmentName(key)),
  );
  Object.assign(
    settings,
    checkedOnly(flags, (key) => `--${kebab(key)}`),
  );
  checkTogether(settings);
  return {
    ...settings,
    nodeName: settings.nodeName ?? nodeNameFromHostname(input.hostname),
    isNodeNameSet: settings.nodeName !== undefined,
    podQuota: settings.podQuota ?? settings.maxPods * podQuotaPerMaxPods,
  };
}

function readFlags(input: SettingsInput): { flags: Raw; config: string | undefined } {
  const options = Object.fromEntries([
    ...flagKeys.filter((key) => key !== 'discovery').map((key) => [kebab(key), { type: 'string' as const }]),
    ['config', { type: 'string' as const }],
    ['discovery', { type: 'boolean' as const }],
  ]);
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: [...input.args], options, strict: true, allowNegative: true }));
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('. ')[0] ?? cause.message) : String(cause);
    throw new StatusError('Invalid', `${reason}; see eliotd --help`, { cause });
  }
  const flags: Raw = {};
  for (const key of flagKeys) {
    const value = values[kebab(key)];
    if (value !== undefined) flags[key] = key === 'labels' ? parseLabels(String(value), '--labels') : value;
  }
  const config = values['config'] ?? input.env['ELIOT_CONFIG'];
  return { flags, config: config === undefined ? undefined : String(config) };
}

/** The flag of a setting: `--data-dir` for `dataDir`. What is on by default has one that turns it off. */
export function flagName(key: string): string {
  return key === 'discovery' ? '--no-discovery' : `--${kebab(key)}`;
}

/** The environment variable of a setting: `ELIOT_DATA_DIR` for `dataDir`. */
export function environmentName(key: string): string {
  return `ELIOT_${kebab(key).replaceAll('-', '_').toUpperCase()}`;
}

function readEnvironment(env: SettingsInput['env']): Raw {
  const raw: Raw = {};
  for (const key of flagKeys) {
    const name = environmentName(key);
    const text = env[name];
    if (text === undefined || text === '') continue;
    raw[key] = key === 'labels' ? parseLabels(text, name) : key === 'discovery' ? parseBoolean(text, name) : text;
  }
  return raw;
}

function readConfigFile(path: string, readFile: (path: string) => string): Raw {
  let documents: readonly unknown[];
  try {
    documents = parseYaml(readFile(path));
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new StatusError('Invalid', `config file ${path}: ${reason}`, { cause });
  }
  // None in a file of comments alone.
  const [parsed, ...others] = documents;
  if (parsed === null || parsed === undefined) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed) || others.length > 0) {
    throw new StatusError('Invalid', `config file ${path}: must hold a mapping of settings`);
  }
  const raw: Raw = {};
  for (const [name, value] of Object.entries(parsed)) {
    // The flag's own spelling is understood too: `data-dir` and `dataDir` are one setting.
    const key = camel(name) as Key;
    raw[key] = key === 'labels' && typeof value === 'string' ? parseLabels(value, `${path}: labels`) : value;
  }
  return raw;
}

function parseLabels(text: string, place: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const pair of text.split(',').filter((part) => part !== '')) {
    const equals = pair.indexOf('=');
    if (equals <= 0) throw new StatusError('Invalid', `${place}: "${pair}" is not KEY=VALUE`);
    labels[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return labels;
}

function parseBoolean(text: string, place: string): boolean {
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return false;
  throw new StatusError('Invalid', `${place}: "${text}" is neither true nor false`);
}

/** All settings, defaults included. */
function checked(raw: Raw, placeOf: (key: string) => string): Settings {
  const result = v.safeParse(settingsSchema, raw);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = String(issue.path?.[0]?.key ?? '');
  if (issue.path !== undefined && issue.path.length > 1) {
    const place = placeOf(v.getDotPath(issue) ?? key);
    const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
    throw new StatusError(
      'Invalid',
      `${place}: ${isUnknown ? 'unknown setting' : `${describe(issue.input)} ${issue.message}`}`,
    );
  }
  if (issue.type === 'strict_object') {
    throw new StatusError('Invalid', `${placeOf(key)}: unknown setting; known are ${knownKeys().join(', ')}`);
  }
  throw new StatusError('Invalid', `${placeOf(key)}: ${describe(issue.input)} ${issue.message}`);
}

/** Only the settings that `raw` names. */
function checkedOnly(raw: Raw, placeOf: (key: string) => string): Partial<Settings> {
  const all = checked(raw, placeOf);
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in raw));
}

/** What no setting can say alone. */
function checkTogether({ imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low }: Settings): void {
  if (low < high) return;
  throw new StatusError(
    'Invalid',
    `imageGCLowThresholdPercent: ${low} must be less than imageGCHighThresholdPercent, which is ${high}`,
  );
}

function knownKeys(): string[] {
  return Object.keys(settingsSchema.entries).sort();
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
}

/** A host name made fit for a node name: lower case, other characters become dashes. */
function nodeNameFromHostname(hostname: string): string {
  const name = hostname
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return name === '' ? 'eliot' : name.slice(0, 253);
}
