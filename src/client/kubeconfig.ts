/**
 * Kubeconfig files as kubectl reads them: several files are merged (the first one that names a thing
 * wins), and one context names a cluster, a user and a namespace.
 *
 * Supported: certificates and keys inline or as files, tokens inline or as files, tls-server-name,
 * insecure-skip-tls-verify. What would be silently ignored (exec plug-ins, auth-provider, proxies,
 * passwords, impersonation) is refused with the name of the key.
 */
import { isAbsolute, resolve } from 'node:path';
import { StatusError } from '../lib/status-error.ts';
import {
  badKubeconfig as bad,
  isEntry,
  type KubeconfigEntry,
  parseKubeconfig,
  type ReadFile,
  readBounded,
} from './kubeconfig-file.ts';
import type { TransportOptions } from './transport.ts';

export interface KubeconfigOptions {
  /** Files, the strongest first; those that do not exist are skipped as long as one exists. */
  readonly paths: readonly string[];
  /** Instead of the file's current-context. */
  readonly context?: string | undefined;
  readonly readFile: ReadFile;
}

export interface KubeconfigTarget {
  readonly contextName: string;
  readonly namespace: string | undefined;
  readonly transport: TransportOptions;
}

/** Files that were read and merged. */
export interface Kubeconfig {
  readonly currentContext: string | undefined;
  /** In the order of the files. */
  readonly contextNames: readonly string[];
  /**
   * The server and credentials that a context names.
   *
   * @throws StatusError NotFound when no context has that name, BadRequest that names the file and the key which is wrong
   */
  readonly target: (contextName: string) => Promise<KubeconfigTarget>;
}

interface NamedEntry {
  readonly value: KubeconfigEntry;
  readonly file: string;
}

interface Merged {
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, NamedEntry>;
  readonly users: ReadonlyMap<string, NamedEntry>;
  readonly contexts: ReadonlyMap<string, NamedEntry>;
}

/** Keys of a user that change who we are; ignoring one would act as somebody else. */
const unsupportedUserKeys = [
  'exec',
  'auth-provider',
  'username',
  'password',
  'as',
  'as-uid',
  'as-groups',
  'as-user-extra',
];

/**
 * The server and credentials that the chosen context names.
 *
 * @throws StatusError NotFound when no context has that name, BadRequest that names the file and the key which is wrong
 */
export async function loadKubeconfig(options: KubeconfigOptions): Promise<KubeconfigTarget> {
  const merged = await readFiles(options);
  const contextName = options.context ?? merged.currentContext;
  if (contextName === undefined) {
    throw bad(`${merged.files.join(', ')}: no current-context - name one with --context (${namesOf(merged.contexts)})`);
  }
  return await targetOf(merged, contextName, options.readFile);
}

/**
 * Reads and merges `paths`.
 *
 * @throws StatusError BadRequest that names the file which is no kubeconfig, or says that none of them exists
 */
export async function openKubeconfig(options: Omit<KubeconfigOptions, 'context'>): Promise<Kubeconfig> {
  const merged = await readFiles(options);
  return {
    currentContext: merged.currentContext,
    contextNames: [...merged.contexts.keys()],
    target: (contextName) => targetOf(merged, contextName, options.readFile),
  };
}

async function targetOf(merged: Merged, contextName: string, readFile: ReadFile): Promise<KubeconfigTarget> {
  const context = merged.contexts.get(contextName);
  if (context === undefined) {
    const there = `there is: ${namesOf(merged.contexts)}`;
    throw new StatusError('NotFound', `${merged.files.join(', ')}: no context named "${contextName}" (${there})`);
  }
  const clusterName = requiredText(context, 'cluster', `contexts[${contextName}].context`);
  const cluster = find(merged.clusters, 'cluster', clusterName, context.file);
  const userName = optionalText(context, 'user', `contexts[${contextName}].context`);
  const user = userName === undefined ? undefined : find(merged.users, 'user', userName, context.file);
  return {
    contextName,
    namespace: optionalText(context, 'namespace', `contexts[${contextName}].context`),
    transport: {
      ...(await serverOptions(cluster, `clusters[${clusterName}].cluster`, readFile)),
      ...(user === undefined ? {} : await userOptions(user, `users[${userName}].user`, readFile)),
    },
  };
}

async function readFiles(options: Omit<KubeconfigOptions, 'context'>): Promise<Merged> {
  const files: string[] = [];
  let currentContext: string | undefined;
  const clusters = new Map<string, NamedEntry>();
  const users = new Map<string, NamedEntry>();
  const contexts = new Map<string, NamedEntry>();
  for (const file of options.paths) {
    const bytes = await readBounded(file, options.readFile);
    if (bytes === undefined) continue;
    files.push(file);
    const config = await parseKubeconfig(file, bytes);
    const current = config['current-context'];
    if (currentContext === undefined && typeof current === 'string' && current !== '') currentContext = current;
    addNamed(config, 'clusters', 'cluster', file, clusters);
    addNamed(config, 'users', 'user', file, users);
    addNamed(config, 'contexts', 'context', file, contexts);
  }
  if (files.length === 0) throw bad(`no such kubeconfig file: ${options.paths.join(', ')}`);
  return { files, currentContext, clusters, users, contexts };
}

function addNamed(
  config: KubeconfigEntry,
  listKey: string,
  valueKey: string,
  file: string,
  into: Map<string, NamedEntry>,
): void {
  const list = config[listKey] ?? [];
  if (!Array.isArray(list)) throw bad(`${file}: ${listKey} must be a list`);
  for (const [index, item] of list.entries()) {
    const name: unknown = isEntry(item) ? item['name'] : undefined;
    if (!isEntry(item) || typeof name !== 'string') throw bad(`${file}: ${listKey}[${index}].name is missing`);
    const value = item[valueKey] ?? {};
    if (!isEntry(value)) throw bad(`${file}: ${listKey}[${index}].${valueKey} must be a mapping`);
    if (!into.has(name)) into.set(name, { value, file });
  }
}

async function serverOptions(cluster: NamedEntry, at: string, readFile: ReadFile): Promise<TransportOptions> {
  if (cluster.value['proxy-url']) throw bad(`${cluster.file}: ${at}.proxy-url is not supported`);
  const ca = await dataOrFile(cluster, 'certificate-authority', at, readFile);
  const serverName = optionalText(cluster, 'tls-server-name', at);
  const skip = cluster.value['insecure-skip-tls-verify'];
  return {
    server: requiredText(cluster, 'server', at),
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(skip === true ? { insecureSkipTlsVerify: true } : {}),
  };
}

async function userOptions(user: NamedEntry, at: string, readFile: ReadFile): Promise<Partial<TransportOptions>> {
  const unsupported = unsupportedUserKeys.find((key) => user.value[key] !== undefined);
  if (unsupported !== undefined) throw bad(`${user.file}: ${at}.${unsupported} is not supported`);
  const cert = await dataOrFile(user, 'client-certificate', at, readFile);
  const key = await dataOrFile(user, 'client-key', at, readFile);
  if ((cert === undefined) !== (key === undefined)) {
    throw bad(
      `${user.file}: ${at} has a client ${cert === undefined ? 'key without a certificate' : 'certificate without a key'}`,
    );
  }
  const tokenFile = optionalText(user, 'tokenFile', at);
  const token =
    optionalText(user, 'token', at) ??
    (tokenFile === undefined
      ? undefined
      : (await readNamed(user, 'tokenFile', tokenFile, at, readFile)).toString().trim());
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
  };
}

/** `KEY-data` in base64, else the file that `KEY` names, relative to the kubeconfig. */
async function dataOrFile(entry: NamedEntry, key: string, at: string, readFile: ReadFile): Promise<Buffer | undefined> {
  const data = optionalText(entry, `${key}-data`, at);
  if (data !== undefined) {
    if (!/^[A-Za-z0-9+/\s]+=*\s*$/.test(data)) throw bad(`${entry.file}: ${at}.${key}-data is no base64`);
    return Buffer.from(data, 'base64');
  }
  const path = optionalText(entry, key, at);
  return path === undefined ? undefined : await readNamed(entry, key, path, at, readFile);
}

async function readNamed(
  entry: NamedEntry,
  key: string,
  path: string,
  at: string,
  readFile: ReadFile,
): Promise<Buffer> {
  const file = isAbsolute(path) ? path : resolve(entry.file, '..', path);
  const bytes = await readBounded(file, readFile);
  if (bytes === undefined) throw bad(`${entry.file}: ${at}.${key}: no such file: ${file}`);
  return bytes;
}

function find(entries: ReadonlyMap<string, NamedEntry>, what: string, name: string, file: string): NamedEntry {
  const entry = entries.get(name);
  if (entry === undefined) throw bad(`${file}: no ${what} named "${name}" (there is: ${namesOf(entries)})`);
  return entry;
}

function namesOf(entries: ReadonlyMap<string, NamedEntry>): string {
  return entries.size === 0 ? 'none' : [...entries.keys()].slice(0, 10).join(', ');
}

function requiredText(entry: NamedEntry, key: string, at: string): string {
  const value = optionalText(entry, key, at);
  if (value === undefined) throw bad(`${entry.file}: ${at}.${key} is missing`);
  return value;
}

function optionalText(entry: NamedEntry, key: string, at: string): string | undefined {
  const value = entry.value[key];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw bad(`${entry.file}: ${at}.${key} must be a string`);
  return value;
}
