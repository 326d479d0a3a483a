/** Service accounts as users: their names, their groups, and what their annotation lets them do. */
import type { ServiceAccount } from '../api/kinds/service-account.ts';
import { serviceAccountRoles } from '../api/kinds/service-account.ts';
import type { ObjectKey } from '../api/object-client.ts';
import { authenticatedGroup, mastersGroup, viewersGroup } from './identity.ts';

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

/** The groups that an account's annotation `eliot.run/role` puts it in (docs/adr/0020). */
export function roleGroups(account: Pick<ServiceAccount, 'metadata'>): readonly string[] {
  switch (account.metadata.annotations?.[serviceAccountRoles.annotation]) {
    case 'cluster-admin':
      return [mastersGroup];
    case 'view':
      return [viewersGroup];
    default:
      return [];
  }
}
