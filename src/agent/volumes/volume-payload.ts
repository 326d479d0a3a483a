/** The files of a volume that is made from API data. Pure. Messages are the kubelet's. */
import type { ConfigMap } from '../../api/kinds/config-map.ts';
import type { KeyToPath, Pod, Volume } from '../../api/kinds/pod/types.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import type { Payload, PayloadFile } from './atomic-writer.ts';
import { SetUpError } from './volume-error.ts';

/** Lookups that the payload needs; undefined when there is no such object or field. */
export interface PayloadSources {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  /** Text of a downward API field. */
  podField(pod: Pod, fieldPath: string): string | undefined;
  resourceField(
    pod: Pod,
    ref: { readonly containerName?: string; readonly resource: string; readonly divisor?: string },
  ): string | undefined;
  /** A token of the pod's account. Throws what keeps it from being issued. */
  serviceAccountToken(
    pod: Pod,
    wanted: { readonly audience?: string | undefined; readonly expirationSeconds: number },
  ): string;
}

const defaultFileMode = 0o644;

/** @throws SetUpError when an object or key is missing that is not optional */
export function volumePayload(pod: Pod, volume: Volume, sources: PayloadSources): Payload {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) {
    const { name = '', items, optional, defaultMode } = configMap;
    return configMapFiles(pod, { name, items, optional }, defaultMode ?? defaultFileMode, sources);
  }
  if (secret) {
    const { secretName, items, optional, defaultMode } = secret;
    return secretFiles(pod, { name: secretName ?? '', items, optional }, defaultMode ?? defaultFileMode, sources);
  }
  if (downwardAPI) {
    return downwardFiles(pod, downwardAPI.items ?? [], downwardAPI.defaultMode ?? defaultFileMode, sources);
  }
  const payload = new Map<string, PayloadFile>();
  const mode = projected?.defaultMode ?? defaultFileMode;
  for (const source of projected?.sources ?? []) {
    for (const [path, file] of projectionFiles(pod, source, mode, sources)) payload.set(path, file);
  }
  return payload;
}

type Projection = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

function projectionFiles(pod: Pod, source: Projection, mode: number, sources: PayloadSources): Payload {
  if (source.configMap) return configMapFiles(pod, { name: '', ...source.configMap }, mode, sources);
  if (source.secret) return secretFiles(pod, { name: '', ...source.secret }, mode, sources);
  if (source.downwardAPI) return downwardFiles(pod, source.downwardAPI.items ?? [], mode, sources);
  if (source.serviceAccountToken) return tokenFile(pod, source.serviceAccountToken, mode, sources);
  throw new SetUpError(`projected source ${Object.keys(source)[0] ?? ''} is not supported by Eliot`);
}

/** As the kubelet's: only the one user or group of the pod's containers may read it, when there is one. */
function tokenFile(
  pod: Pod,
  { path, audience, expirationSeconds }: NonNullable<Projection['serviceAccountToken']>,
  mode: number,
  sources: PayloadSources,
): Payload {
  const userId = onlyUser(pod);
  const isPrivate = userId !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  const content = Buffer.from(sources.serviceAccountToken(pod, { audience, expirationSeconds }));
  return new Map([[path, { content, mode: isPrivate ? 0o600 : mode, userId }]]);
}

/** The user of all containers, when they have the same; undefined when they differ or one leaves it to its image. */
function onlyUser({ spec }: Pod): number | undefined {
  const users = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])].map(
    ({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

interface Reference {
  readonly name: string;
  readonly items?: readonly KeyToPath[] | undefined;
  readonly optional?: boolean | undefined;
}

function configMapFiles(pod: Pod, reference: Reference, mode: number, sources: PayloadSources): Payload {
  const found = sources.configMap(pod.metadata.namespace ?? '', reference.name);
  if (!found && !reference.optional) throw new SetUpError(`configmap "${reference.name}" not found`);
  const contents = new Map<string, Buffer>();
  for (const [key, text] of Object.entries(found?.data ?? {})) contents.set(key, Buffer.from(text));
  for (const [key, base64] of Object.entries(found?.binaryData ?? {})) contents.set(key, Buffer.from(base64, 'base64'));
  return chosenFiles(contents, reference, mode, (key) => `configmap references non-existent config key: ${key}`);
}

function secretFiles(pod: Pod, reference: Reference, mode: number, sources: PayloadSources): Payload {
  const found = sources.secret(pod.metadata.namespace ?? '', reference.name);
  if (!found && !reference.optional) throw new SetUpError(`secret "${reference.name}" not found`);
  const contents = new Map(
    Object.entries(found?.data ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')]),
  );
  return chosenFiles(contents, reference, mode, (key) => `references non-existent secret key: ${key}`);
}

function chosenFiles(
  contents: ReadonlyMap<string, Buffer>,
  { items = [], optional }: Reference,
  mode: number,
  missing: (key: string) => string,
): Payload {
  if (items.length === 0) return new Map([...contents].map(([key, content]) => [key, { content, mode }]));
  const payload = new Map<string, PayloadFile>();
  for (const item of items) {
    const content = contents.get(item.key);
    if (content !== undefined) payload.set(item.path, { content, mode: item.mode ?? mode });
    else if (!optional) throw new SetUpError(missing(item.key));
  }
  return payload;
}

type DownwardItem = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

function downwardFiles(pod: Pod, items: readonly DownwardItem[], mode: number, sources: PayloadSources): Payload {
  const payload = new Map<string, PayloadFile>();
  for (const item of items) {
    const text = item.fieldRef
      ? sources.podField(pod, item.fieldRef.fieldPath)
      : item.resourceFieldRef && sources.resourceField(pod, item.resourceFieldRef);
    if (text === undefined) throw new SetUpError(`no such field for downward API file ${item.path}`);
    payload.set(item.path, { content: Buffer.from(text), mode: item.mode ?? mode });
  }
  return payload;
}
