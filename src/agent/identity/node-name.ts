/**
 * What the device is called (docs/adr/0042): as it is set on it; else as somebody renamed it (`eli node rename`); else its
 * host name. Another name than at the last start is taken over before anything asks for it: the Node object and the
 * pods that are bound to it get it, and what runs goes on running.
 */
import { leaseKind } from '../../api/kinds/lease.ts';
import { nodeKind } from '../../api/kinds/node.ts';
import { podKind } from '../../api/kinds/pod/pod.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { checkDnsSubdomain } from '../../api/names.ts';
import { nodeNameAnnotation } from '../../api/node-annotations.ts';
import { keyPrefix, objectKey } from '../../apiserver/registry/keys.ts';
import type { Entry, Store } from '../../store/store.ts';

export interface NamedDevice {
  readonly nodeName: string;
  /** Whether a flag, the environment or the settings file says so: nothing else counts then. */
  readonly isNodeNameSet: boolean;
}

/** The name of the device from now on. */
export async function chooseNodeName(store: Store, { nodeName, isNodeNameSet }: NamedDevice): Promise<string> {
  if (isNodeNameSet) return nodeName;
  for (const { object } of await intents(store, keyPrefix(nodeKind))) {
    const wanted = object.metadata.annotations?.[nodeNameAnnotation];
    // Anybody who may write nodes may write anything into an annotation.
    if (wanted !== undefined && checkDnsSubdomain(wanted).length === 0) return wanted;
  }
  return nodeName;
}

/**
 * Gives the name to what was made under another. Repeatable: a power cut in the middle is made good at the next start.
 *
 * @returns the names that the device had; none when it still has its name
 */
export async function takeOverNodeName(store: Store, nodeName: string): Promise<readonly string[]> {
  const nodes = await intents(store, keyPrefix(nodeKind));
  const old = nodes.filter(({ object }) => object.metadata.name !== nodeName);
  if (old.length === 0) return [];
  const oldNames = old.map(({ object }) => object.metadata.name ?? '');
  for (const { entry, object } of await intents(store, keyPrefix(podKind))) {
    const pod = object as Pod;
    if (!oldNames.includes(pod.spec.nodeName ?? '')) continue;
    const bound = { ...pod, spec: { ...pod.spec, nodeName } };
    await store.put({ key: entry.key, intent: JSON.stringify(bound), expected: entry.revision });
  }
  let isNamed = nodes.length > old.length;
  for (const { entry, object } of old) {
    if (!isNamed) {
      const renamed = { ...object, metadata: { ...object.metadata, name: nodeName } };
      await store.put({ key: objectKey(nodeKind, { name: nodeName }), intent: JSON.stringify(renamed), expected: 0 });
      isNamed = true;
    }
    await store.delete(entry.key, entry.revision);
    const { name = '' } = object.metadata;
    const lease = await store.get(objectKey(leaseKind, { namespace: 'kube-node-lease', name }));
    if (lease) await store.delete(lease.key, lease.revision);
  }
  return oldNames;
}

async function intents(
  store: Store,
  prefix: string,
): Promise<readonly { readonly entry: Entry; readonly object: KubeObject }[]> {
  const { entries } = await store.list(prefix);
  return entries.flatMap((entry) =>
    entry.intent === undefined ? [] : [{ entry, object: JSON.parse(entry.intent) as KubeObject }],
  );
}
