/** What may be made in which namespace, as Kubernetes' NamespaceLifecycle admission says. */
import type { KubeObject } from '../../api/meta.ts';
import { namespaces } from '../../api/resources.ts';
import type { AnyKind, RegistryDeps } from './context.ts';
import { forbidden, notFound } from './errors.ts';
import { keyPrefix } from './keys.ts';

const namespaceKind = { ...namespaces, kind: 'Namespace', namespaced: false };
const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

/**
 * @throws StatusError NotFound when the namespace does not exist, Forbidden (cause NamespaceTerminating)
 *   when it is being deleted
 */
export async function checkNamespaceTakesNew(
  deps: Pick<RegistryDeps, 'store'>,
  kind: AnyKind,
  namespace: string,
  name: string,
): Promise<void> {
  const entry = await deps.store.get(`${keyPrefix(namespaceKind)}${namespace}`);
  if (!entry) throw notFound(namespaceKind, namespace);
  const { metadata } = JSON.parse(entry.intent ?? '{"metadata":{}}') as KubeObject;
  if (metadata.deletionTimestamp === undefined) return;
  throw forbidden(kind, name, `unable to create new content in namespace ${namespace} because it is being terminated`, {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  });
}

/** @throws StatusError Forbidden for the namespaces that always exist */
export function checkNamespaceMayGo(name: string): void {
  if (immortal.has(name)) throw forbidden(namespaceKind, name, 'this namespace may not be deleted');
}
