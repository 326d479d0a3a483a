/** Deletes what a namespace holds, once around: asks for deletion, then counts what is left. */
import type { KubeObject } from '../api/meta.ts';
import type { GroupVersionResource, ObjectClient } from '../api/object-client.ts';
import { pods } from '../api/resources.ts';
import { isStatusError } from '../lib/status-error.ts';
import type { NamespaceContent } from './namespace-conditions.ts';

const pageSize = 500;

/**
 * Asks for the deletion of every object of `resources` in `namespace`, pods first: the rest only when no pod is
 * left, so that a pod which is ending keeps its Secrets and ConfigMaps (Kubernetes' OrderedNamespaceDeletion).
 * Pods get their own grace. Repeatable; failures of one resource do not stop the others.
 *
 * @param resources every namespaced resource that can be listed and deleted
 */
export async function emptyNamespace(
  client: ObjectClient,
  resources: readonly GroupVersionResource[],
  namespace: string,
  signal: AbortSignal,
): Promise<NamespaceContent> {
  const content = {
    remaining: new Map<string, number>(),
    finalizers: new Map<string, number>(),
    failures: [] as string[],
  };
  const isPods = (resource: GroupVersionResource): boolean =>
    resource.group === pods.group && resource.resource === pods.resource;
  for (const group of [resources.filter(isPods), resources.filter((resource) => !isPods(resource))]) {
    for (const resource of group) {
      signal.throwIfAborted();
      await emptyResource(client, resource, namespace, signal, content);
    }
    if (content.remaining.size > 0 || content.failures.length > 0) break;
  }
  return content;
}

async function emptyResource(
  client: ObjectClient,
  resource: GroupVersionResource,
  namespace: string,
  signal: AbortSignal,
  content: {
    readonly remaining: Map<string, number>;
    readonly finalizers: Map<string, number>;
    readonly failures: string[];
  },
): Promise<void> {
  try {
    for (const object of await listAll(client, resource, namespace, signal)) {
      if (object.metadata.deletionTimestamp === undefined)
        await deleteObject(client, resource, object, content.failures);
    }
    const left = await listAll(client, resource, namespace, signal);
    if (left.length > 0) content.remaining.set(`${resource.resource}.${resource.group}`, left.length);
    for (const finalizer of left.flatMap((object) => object.metadata.finalizers ?? [])) {
      content.finalizers.set(finalizer, (content.finalizers.get(finalizer) ?? 0) + 1);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    content.failures.push(`${resource.resource}: ${messageOf(error)}`);
  }
}

async function deleteObject(
  client: ObjectClient,
  resource: GroupVersionResource,
  object: KubeObject,
  failures: string[],
): Promise<void> {
  const { name = '', namespace = '', uid } = object.metadata;
  try {
    await client.delete(
      resource,
      { namespace, name },
      {
        propagationPolicy: 'Background',
        // Another object of the same name cannot come while the namespace is terminating; a stale list can.
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      },
    );
  } catch (error) {
    if (!isStatusError(error, 'NotFound', 'Conflict'))
      failures.push(`${resource.resource} ${name}: ${messageOf(error)}`);
  }
}

async function listAll(
  client: ObjectClient,
  resource: GroupVersionResource,
  namespace: string,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(
      resource,
      { namespace, limit: pageSize, ...(next === undefined ? {} : { continue: next }) },
      signal,
    );
    objects.push(...page.items);
    next = page.metadata.continue || undefined;
  } while (next !== undefined);
  return objects;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
