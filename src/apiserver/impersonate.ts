/** Acting as somebody else (`kubectl --as`), for those who may: Kubernetes' `Impersonate-*` headers. */
import type { IncomingMessage } from 'node:http';
import { StatusError } from '../lib/status-error.ts';
import { requireResource } from './authz.ts';
import { authenticatedGroup, type UserInfo } from './identity.ts';
import { parseServiceAccountUsername, serviceAccountGroups } from './service-account-user.ts';

const extraPrefix = 'impersonate-extra-';

/**
 * @param roleGroupsOf groups that a user name brings along by itself: a service account's role
 * @returns `user` himself when he asks for nobody else
 * @throws StatusError Forbidden in Kubernetes' words, BadRequest for groups without a user
 */
export async function impersonate(
  user: UserInfo,
  { headersDistinct: headers }: Pick<IncomingMessage, 'headersDistinct'>,
  roleGroupsOf: (username: string) => Promise<readonly string[]>,
): Promise<UserInfo> {
  const username = headers['impersonate-user']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const uid = headers['impersonate-uid']?.[0];
  const extra = Object.entries(headers)
    .filter(([name]) => name.startsWith(extraPrefix))
    .map(([name, values = []]) => [decodeKey(name.slice(extraPrefix.length)), values] as const);
  if (username === '') {
    if (groups.length === 0 && uid === undefined && extra.length === 0) return user;
    throw new StatusError('BadRequest', `requested ${JSON.stringify(groups)} without impersonating a user`);
  }
  const account = parseServiceAccountUsername(username);
  const may = (resource: string, name: string, group = '', namespace?: string): void =>
    requireResource(user, { verb: 'impersonate', group, resource, namespace, name });
  if (account) may('serviceaccounts', account.name, '', account.namespace);
  else may('users', username);
  for (const group of groups) may('groups', group);
  if (uid !== undefined) may('uids', uid, 'authentication.k8s.io');
  for (const [key] of extra) may(`userextras/${key}`, '', 'authentication.k8s.io');

  const implied = account && groups.length === 0 ? serviceAccountGroups(account.namespace) : [];
  const all = [...groups, ...implied, ...(await roleGroupsOf(username)), authenticatedGroup];
  return {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups: [...new Set(all)],
    ...(extra.length > 0 ? { extra: Object.fromEntries(extra) } : {}),
  };
}

/** Keys are percent-encoded, since header names hold neither slashes nor dots of every kind. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
