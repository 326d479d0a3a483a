/**
 * Nobody gets at a higher role of a service account than his own (docs/adr/0041): neither by giving an account the role, nor
 * through what runs under an account that has it. Not closed by this: what a pod may do to the device that it runs on.
 */
import { jsonEqual } from '../../api/json-value.ts';
import type { ServiceAccount } from '../../api/kinds/service-account.ts';
import type { KubeObject } from '../../api/meta.ts';
import { hasPodSpec, podSpecsOf } from '../../api/pod-specs.ts';
import { serviceAccounts } from '../../api/resources.ts';
import { findKind } from '../../api/scheme.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { mastersGroup, type UserInfo } from '../identity.ts';
import { coversRole, roleOf } from '../service-account-user.ts';
import type { AnyKind, RegistryDeps, WriteContext } from './context.ts';
import { forbidden } from './errors.ts';
import { loadObject } from './load.ts';

/**
 * To be called with an object as it is to be stored; `previous` is undefined for a new one.
 *
 * @throws StatusError Forbidden
 */
export async function checkRoleGrants(
  deps: RegistryDeps,
  kind: AnyKind,
  next: KubeObject,
  previous: KubeObject | undefined,
  { user }: Pick<WriteContext, 'user'>,
): Promise<void> {
  if (user.groups.includes(mastersGroup)) return;
  const { name = '', namespace = '' } = next.metadata;
  if (kind.group === '' && kind.resource === serviceAccounts.resource) {
    const role = roleOf(next);
    if (role === (previous && roleOf(previous)) || coversRole(user, role)) return;
    throw forbidden(kind, name, `User "${user.username}" cannot grant the role ${role}, which is more than its own`);
  }
  if (!hasPodSpec(kind)) return;
  const specs = podSpecsOf(next);
  if (previous && jsonEqual(specs, podSpecsOf(previous))) return;
  for (const { serviceAccountName } of specs) {
    await requireAccount(deps, kind, { name, namespace, account: accountName(serviceAccountName) }, user);
  }
}

/**
 * To be called before somebody enters a pod, whose token is then his.
 *
 * @throws StatusError Forbidden
 */
export async function checkMayEnter(deps: RegistryDeps, kind: AnyKind, pod: KubeObject, user: UserInfo): Promise<void> {
  if (user.groups.includes(mastersGroup)) return;
  const { name = '', namespace = '' } = pod.metadata;
  for (const { serviceAccountName } of podSpecsOf(pod)) {
    await requireAccount(deps, kind, { name, namespace, account: accountName(serviceAccountName) }, user);
  }
}

/** Whether what the object runs, or would run, may do more than `user`. */
export async function runsAbove(deps: RegistryDeps, object: KubeObject, user: UserInfo): Promise<boolean> {
  const { namespace = '' } = object.metadata;
  for (const { serviceAccountName } of podSpecsOf(object)) {
    if (!coversRole(user, await roleNow(deps, namespace, accountName(serviceAccountName)))) return true;
  }
  return false;
}

/** @throws StatusError Forbidden when the account may do more than the one who asks for a token of it */
export function checkMayActAs(kind: AnyKind, account: KubeObject, user: UserInfo): void {
  const role = roleOf(account);
  if (coversRole(user, role)) return;
  const { name = '' } = account.metadata;
  throw forbidden(kind, name, tooMuch(user, name, role));
}

interface Runner {
  readonly name: string;
  readonly namespace: string;
  readonly account: string;
}

async function requireAccount(
  deps: RegistryDeps,
  kind: AnyKind,
  { name, namespace, account }: Runner,
  user: UserInfo,
): Promise<void> {
  const role = await roleNow(deps, namespace, account);
  if (!coversRole(user, role)) throw forbidden(kind, name, tooMuch(user, account, role));
}

/** The account's role; undefined for one that has none, or does not exist. */
async function roleNow(deps: RegistryDeps, namespace: string, name: string): Promise<string | undefined> {
  const kind = findKind(serviceAccounts.group, serviceAccounts.version, serviceAccounts.resource);
  if (!kind) throw new StatusError('InternalError', 'service accounts are not served');
  try {
    return roleOf((await loadObject(deps, kind, { namespace, name })).object as ServiceAccount);
  } catch (error) {
    if (isStatusError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** A pod spec that names none runs under the namespace's own. */
function accountName(named: unknown): string {
  return typeof named === 'string' && named !== '' ? named : 'default';
}

function tooMuch({ username }: UserInfo, account: string, role: string | undefined): string {
  return `service account "${account}" has the role ${role}, which is more than that of user "${username}"`;
}
