/** Rules about PriorityClasses: those of the system stay, and at most one is the default. */
import { defaultPriorityClass, type PriorityClass, systemPriorityClasses } from '../../api/kinds/priority-class.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { AnyKind, RegistryDeps } from './context.ts';
import { forbidden } from './errors.ts';
import { readAll } from './list.ts';

function isPriorityClass(kind: Pick<AnyKind, 'group' | 'resource'>): boolean {
  return kind.group === 'scheduling.k8s.io' && kind.resource === 'priorityclasses';
}

/** @throws StatusError Forbidden for the classes that always exist */
export function checkPriorityClassMayGo(kind: AnyKind, name: string): void {
  if (!isPriorityClass(kind) || !systemPriorityClasses.some((each) => each.name === name)) return;
  throw forbidden(kind, name, 'this is a system priority class and cannot be deleted');
}

/**
 * To be called with an object as it is to be stored; other kinds pass.
 *
 * @throws StatusError Forbidden when another class is the default already
 */
export async function checkOneDefault(deps: RegistryDeps, kind: AnyKind, object: KubeObject): Promise<void> {
  if (!isPriorityClass(kind) || !(object as PriorityClass).globalDefault) return;
  const present = defaultPriorityClass((await readAll(deps, kind)) as readonly PriorityClass[]);
  const { name = '' } = object.metadata;
  const other = present?.metadata.name ?? name;
  if (other === name) return;
  throw forbidden(kind, name, `PriorityClass ${other} is already marked as default. Only one default can exist`);
}
