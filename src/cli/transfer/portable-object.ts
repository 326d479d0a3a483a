/** What of an object a device can hand to its replacement: what somebody wanted, and nothing that this device made of it. Pure. */
import { isObject, type JsonObject } from '../../api/json-value.ts';
import { lastAppliedAnnotation } from '../../api/last-applied.ts';
import type { KubeObject, ObjectMeta } from '../../api/meta.ts';

/**
 * Why an object stays: something else makes it (its owner, the device itself, or a source of manifests on the device), it is
 * going away, or it has done its work.
 */
export type StaysBecause = 'Owned' | 'System' | 'Source' | 'Ending' | 'Finished';

/** Label of objects that a source brought, with its name (docs/adr/0008). */
const sourceLabel = 'eliot.run/source';
const systemNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);
/** Set by controllers, and by the command line that wrote the object last. */
const droppedAnnotations: ReadonlySet<string> = new Set([lastAppliedAnnotation, 'deployment.kubernetes.io/revision']);
/** The volume of the token that each device puts into its pods itself. */
const tokenVolumePrefix = 'kube-api-access-';

/** Undefined: it goes along. */
export function whyItStays(object: KubeObject): StaysBecause | undefined {
  const { kind, metadata } = object;
  const { name = '', labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  if (metadata.deletionTimestamp !== undefined) return 'Ending';
  if (labels[sourceLabel] !== undefined) return 'Source';
  if (ownerReferences.length > 0) return 'Owned';
  const isPlain = Object.keys(annotations).length === 0;
  switch (kind) {
    case 'Namespace':
      return systemNamespaces.has(name) && isPlain && Object.keys(labels).every((key) => key === namespaceLabel)
        ? 'System'
        : undefined;
    case 'ConfigMap':
      return name === 'kube-root-ca.crt' ? 'System' : undefined;
    case 'ServiceAccount':
      return name === 'default' && isPlain && object['imagePullSecrets'] === undefined ? 'System' : undefined;
    case 'PriorityClass':
      return name.startsWith('system-') ? 'System' : undefined;
    case 'Secret':
      return object['type'] === 'kubernetes.io/service-account-token' ? 'System' : undefined;
    case 'Pod': {
      const phase = isObject(object['status']) ? object['status']['phase'] : undefined;
      return phase === 'Succeeded' || phase === 'Failed' ? 'Finished' : undefined;
    }
    default:
      return undefined;
  }
}

/** Kubernetes puts it on every namespace. */
const namespaceLabel = 'kubernetes.io/metadata.name';

/** The object as it can be made anew elsewhere. */
export function toPortable(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, status: _seenHere, ...rest } = object;
  const portable = { apiVersion, kind, metadata: portableMetadata(metadata), ...rest };
  if (kind !== 'Pod') return portable;
  return { ...portable, spec: portablePodSpec(isObject(object['spec']) ? object['spec'] : {}) };
}

function portableMetadata({ name, namespace, labels = {}, annotations = {}, finalizers }: ObjectMeta): ObjectMeta {
  const kept = Object.entries(annotations).filter(([key]) => !droppedAnnotations.has(key));
  const ownLabels = Object.entries(labels).filter(([key]) => key !== namespaceLabel);
  return {
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(ownLabels.length > 0 ? { labels: Object.fromEntries(ownLabels) } : {}),
    ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}),
    ...(finalizers === undefined ? {} : { finalizers }),
  };
}

/**
 * Without what the device put in: its name, the account, tolerations and the token that every pod gets, the value of the
 * priority. What is applied later would take it for dropped by its author, and may not change it in a pod that exists.
 */
function portablePodSpec(spec: JsonObject): JsonObject {
  const {
    nodeName: _here,
    priority: _computed,
    preemptionPolicy: _ofItsClass,
    ephemeralContainers: _debug,
    serviceAccount: _olderName,
    ...others
  } = spec;
  const { serviceAccountName, tolerations, ...withoutGiven } = others;
  const ownTolerations = Array.isArray(tolerations) ? tolerations.filter((each) => !isGivenToAll(each)) : [];
  const rest: JsonObject = {
    ...withoutGiven,
    ...(serviceAccountName === undefined || serviceAccountName === 'default' ? {} : { serviceAccountName }),
    ...(ownTolerations.length > 0 ? { tolerations: ownTolerations } : {}),
  };
  const withoutToken = (name: string): { readonly [key: string]: unknown } => {
    const list = rest[name];
    if (!Array.isArray(list)) return {};
    return { [name]: list.map((container) => (isObject(container) ? withoutTokenMount(container) : container)) };
  };
  return {
    ...rest,
    ...withoutTokens(rest, 'volumes'),
    ...withoutToken('initContainers'),
    ...withoutToken('containers'),
  };
}

/** Kubernetes' admission `DefaultTolerationSeconds` gives these to every pod. */
function isGivenToAll(toleration: unknown): boolean {
  if (!isObject(toleration)) return false;
  const { key, effect, operator, tolerationSeconds } = toleration;
  const isOfHealth = key === 'node.kubernetes.io/not-ready' || key === 'node.kubernetes.io/unreachable';
  return isOfHealth && effect === 'NoExecute' && operator === 'Exists' && tolerationSeconds === 300;
}

function withoutTokenMount(container: JsonObject): JsonObject {
  return { ...container, ...withoutTokens(container, 'volumeMounts') };
}

/** The list `key` without what is named as the token's volume; left out when nothing else is in it. */
function withoutTokens(holder: JsonObject, key: string): { readonly [key: string]: unknown } {
  const list = holder[key];
  if (!Array.isArray(list)) return {};
  const kept = list.filter((each) => !(isObject(each) && String(each['name']).startsWith(tokenVolumePrefix)));
  return { [key]: kept.length > 0 ? kept : undefined };
}
