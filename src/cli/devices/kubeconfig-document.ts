/**
 * Changes of a kubeconfig, as pure functions of what the file says. What is not ours passes through untouched: other
 * people's contexts, and keys that we do not know.
 */
import type { KubeconfigEntry } from '../../client/kubeconfig-file.ts';
import { UsageError } from '../usage-error.ts';

/** The whole file. */
export type KubeconfigDocument = KubeconfigEntry;

/** A context with what it names. */
export interface ContextEntry {
  readonly name: string;
  readonly namespace: string | undefined;
  /** What its `cluster` says: server, certificate-authority-data, …; empty when it is not there. */
  readonly cluster: KubeconfigEntry;
  readonly clusterName: string | undefined;
  readonly userName: string | undefined;
}

/** What a device's context is made of. Certificates and key are PEM texts. */
export interface DeviceCredentials {
  /** `https://HOST:PORT`. */
  readonly server: string;
  /** The device's own authority, the only one that is trusted. */
  readonly caCert: string;
  /** A name that stands in the server's certificate, when it is reached by another one. */
  readonly tlsServerName?: string | undefined;
  readonly clientCert: string;
  readonly clientKey: string;
}

type ListKey = 'clusters' | 'users' | 'contexts';
const valueKeys: Readonly<Record<ListKey, string>> = { clusters: 'cluster', users: 'user', contexts: 'context' };

/** A file that names nothing yet. */
export const emptyKubeconfig: KubeconfigDocument = { apiVersion: 'v1', kind: 'Config' };

/** Name of the context that is used when none is asked for. */
export function currentContextOf(document: KubeconfigDocument): string | undefined {
  return textOf(document['current-context']);
}

/** Every context, in the file's order. */
export function contextsOf(document: KubeconfigDocument): readonly ContextEntry[] {
  return namesIn(document, 'contexts').map((name) => {
    const context = findValue(document, 'contexts', name) ?? {};
    const clusterName = textOf(context['cluster']);
    const cluster = clusterName === undefined ? undefined : findValue(document, 'clusters', clusterName);
    return {
      name,
      namespace: textOf(context['namespace']),
      cluster: cluster ?? {},
      clusterName,
      userName: textOf(context['user']),
    };
  });
}

/** Whether a context, cluster or user has this name: adding one would change somebody's entry. */
export function isTaken(document: KubeconfigDocument, name: string): boolean {
  return (['contexts', 'clusters', 'users'] as const).some((list) => namesIn(document, list).includes(name));
}

/** Adds a device, or replaces what stands under its name; the namespace that was chosen for it stays. */
export function putDevice(document: KubeconfigDocument, name: string, device: DeviceCredentials): KubeconfigDocument {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const namespace = textOf(findValue(document, 'contexts', name)?.['namespace']);
  const withCluster = putValue(document, 'clusters', name, {
    'certificate-authority-data': base64(device.caCert),
    server: device.server,
    ...(device.tlsServerName === undefined ? {} : { 'tls-server-name': device.tlsServerName }),
  });
  const withUser = putValue(withCluster, 'users', name, {
    'client-certificate-data': base64(device.clientCert),
    'client-key-data': base64(device.clientKey),
  });
  return putValue(withUser, 'contexts', name, {
    cluster: name,
    ...(namespace === undefined ? {} : { namespace }),
    user: name,
  });
}

/** Copies a context with its cluster and user out of another document, under `name` in all three. */
export function copyContext(
  into: KubeconfigDocument,
  from: KubeconfigDocument,
  { name: fromName, as }: { readonly name: string; readonly as: string },
): KubeconfigDocument {
  const context = expectContext(from, fromName);
  const cluster = findValue(from, 'clusters', textOf(context['cluster']) ?? '');
  const user = findValue(from, 'users', textOf(context['user']) ?? '');
  const withCluster = cluster === undefined ? into : putValue(into, 'clusters', as, cluster);
  const withUser = user === undefined ? withCluster : putValue(withCluster, 'users', as, user);
  return putValue(withUser, 'contexts', as, {
    ...context,
    ...(cluster === undefined ? {} : { cluster: as }),
    ...(user === undefined ? {} : { user: as }),
  });
}

/**
 * Takes a context away, and its cluster and user unless another context names them.
 *
 * @throws UsageError when there is no such context
 */
export function removeContext(document: KubeconfigDocument, name: string): KubeconfigDocument {
  const removed = expectContext(document, name);
  let left = dropValue(document, 'contexts', name);
  const others = contextsOf(left);
  const cluster = textOf(removed['cluster']);
  const user = textOf(removed['user']);
  if (cluster !== undefined && !others.some(({ clusterName }) => clusterName === cluster)) {
    left = dropValue(left, 'clusters', cluster);
  }
  if (user !== undefined && !others.some(({ userName }) => userName === user)) left = dropValue(left, 'users', user);
  if (currentContextOf(left) !== name) return left;
  const { 'current-context': _gone, ...rest } = left;
  return rest;
}

/** The document with its lists in the order of the names, as kubectl shows them; a list that is missing is empty. */
export function sortByName(document: KubeconfigDocument): KubeconfigDocument {
  const nameOf = (item: KubeconfigEntry): string => textOf(item?.['name']) ?? '';
  const sorted = (list: ListKey): KubeconfigEntry[] | null => {
    const items = itemsIn(document, list).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    return items.length === 0 ? null : items;
  };
  return {
    ...document,
    clusters: sorted('clusters'),
    users: sorted('users'),
    contexts: sorted('contexts'),
    'current-context': currentContextOf(document) ?? '',
  };
}

/**
 * The document with one context alone, which is the current one.
 *
 * @throws UsageError when there is no such context
 */
export function keepContext(document: KubeconfigDocument, name: string): KubeconfigDocument {
  expectContext(document, name);
  const others = contextsOf(document).filter((context) => context.name !== name);
  return useContext(
    others.reduce((left, other) => removeContext(left, other.name), document),
    name,
  );
}

/** @throws UsageError in kubectl's words when there is no such context */
export function useContext(document: KubeconfigDocument, name: string): KubeconfigDocument {
  expectContext(document, name);
  return { ...document, 'current-context': name };
}

/**
 * Gives a context another name, and its cluster and user too, which stay under the old one as long as another context needs them.
 *
 * @param file for the message
 * @throws UsageError in kubectl's words when there is no such context, or the name is taken
 */
export function renameContext(
  document: KubeconfigDocument,
  { name, as, file }: { readonly name: string; readonly as: string; readonly file: string },
): KubeconfigDocument {
  const cannot = `cannot rename the context "${name}",`;
  if (findValue(document, 'contexts', name) === undefined) throw new UsageError(`${cannot} it's not in ${file}`);
  if (isTaken(document, as)) throw new UsageError(`${cannot} the context "${as}" already exists in ${file}`);
  const renamed = removeContext(copyContext(document, document, { name, as }), name);
  return currentContextOf(document) === name ? useContext(renamed, as) : renamed;
}

/** @throws UsageError when there is no such context */
export function setNamespace(document: KubeconfigDocument, name: string, namespace: string): KubeconfigDocument {
  return putValue(document, 'contexts', name, { ...expectContext(document, name), namespace });
}

/** @throws UsageError when there is no such context, or it names no cluster */
export function setServer(document: KubeconfigDocument, name: string, server: string): KubeconfigDocument {
  const clusterName = textOf(expectContext(document, name)['cluster']);
  if (clusterName === undefined) throw new UsageError(`the context "${name}" names no cluster`);
  return putValue(document, 'clusters', clusterName, { ...findValue(document, 'clusters', clusterName), server });
}

function expectContext(document: KubeconfigDocument, name: string): KubeconfigEntry {
  const context = findValue(document, 'contexts', name);
  if (context !== undefined) return context;
  const names = namesIn(document, 'contexts');
  const there = names.length === 0 ? 'no device is paired yet' : `there is: ${names.join(', ')}`;
  throw new UsageError(`no context exists with the name: "${name}"`, there);
}

function itemsIn(document: KubeconfigDocument, list: ListKey): readonly KubeconfigEntry[] {
  const items = document[list];
  return Array.isArray(items) ? (items as readonly KubeconfigEntry[]) : [];
}

function namesIn(document: KubeconfigDocument, list: ListKey): readonly string[] {
  return itemsIn(document, list).flatMap((item) => textOf(item?.['name']) ?? []);
}

/** The first that has the name counts, as for kubectl. */
function findValue(document: KubeconfigDocument, list: ListKey, name: string): KubeconfigEntry | undefined {
  const item = itemsIn(document, list).find((candidate) => candidate?.['name'] === name);
  return item === undefined ? undefined : ((item[valueKeys[list]] ?? {}) as KubeconfigEntry);
}

function putValue(
  document: KubeconfigDocument,
  list: ListKey,
  name: string,
  value: KubeconfigEntry,
): KubeconfigDocument {
  const items = itemsIn(document, list);
  const place = items.findIndex((item) => item?.['name'] === name);
  const item = { ...(items[place] ?? {}), name, [valueKeys[list]]: value };
  return { ...document, [list]: place < 0 ? [...items, item] : items.with(place, item) };
}

function dropValue(document: KubeconfigDocument, list: ListKey, name: string): KubeconfigDocument {
  return { ...document, [list]: itemsIn(document, list).filter((item) => item?.['name'] !== name) };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
