/** Service accounts as users: their names, their groups, and what their annotation lets them do. */
import type { ServiceAccount } from '../api/kinds/service-account.ts';
import { serviceAccountRoles } from '../api/kinds/service-account.ts';
import type { ObjectKey } from '../api/object-client.ts';
import { authenticatedGroup, developersGroup, mastersGroup, type UserInfo, viewersGroup } from './identity.ts';

const prefix = 'system:serviceaccount:';

/** `system:serviceaccount:NAMESPACE:NAME`. */
export function serviceAccountUsername({ namespace = '', name }: ObjectKey): string {
  return `${prefix}${namespace}:${name}`;
}

/** The account that a user name stands for; undefined for other users. */
export function parseServiceAccountUsername(username: string): Required<ObjectKey> | undefined {
  if (!username.startsWith(prefix)) return undefined;
  const [namespace = '', name = '', ...rest] = username.slice(prefix.length).split(':');
  return namespace === '' || name === '' || rest.length > 0 ? undefined : { namespace, name };
}

/** The groups of every service account of a namespace. */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, authenticatedGroup];
}

/** What the roles of service accounts stand for (docs/adr/0020), the highest first. */
const groupOfRole: ReadonlyMap<string, string> = new Map([
  ['cluster-admin', mastersGroup],
  ['edit', developersGroup],
  ['view', viewersGroup],
]);

/** The account's role, as its annotation `eliot.run/role` says; undefined when it has none. */
export function roleOf({ metadata }: Pick<ServiceAccount, 'metadata'>): string | undefined {
  return metadata.annotations?.[serviceAccountRoles.annotation];
}

/** The groups that an account's role puts it in. */
export function roleGroups(account: Pick<ServiceAccount, 'metadata'>): readonly string[] {
  const group = groupOfRole.get(roleOf(account) ?? '');
  return group === undefined ? [] : [group];
}

/** Whether `user` may do whatever an account of that role may. A role that nobody knows is no role. */
export function coversRole({ groups }: UserInfo, role: string | undefined): boolean {
  const ranks = [...groupOfRole.values()];
  const needed = ranks.indexOf(groupOfRole.get(role ?? '') ?? '');
  return needed < 0 || ranks.slice(0, needed + 1).some((group) => groups.includes(group));
}
