import type { ServiceAccount } from '../api/kinds/service-account.ts';
import { serviceAccounts } from '../api/resources.ts';
import { findKind } from '../api/scheme.ts';
import { isStatusError } from '../lib/status-error.ts';
import type { Registry } from './registry.ts';
import { parseServiceAccountUsername, roleGroups } from './service-account-user.ts';

/** The groups that a user name brings along by itself: for a service account those of its role, now. */
export function createRoleGroups(registry: Registry): (username: string) => Promise<readonly string[]> {
  return async (username) => {
    const key = parseServiceAccountUsername(username);
    const kind = findKind(serviceAccounts.group, serviceAccounts.version, serviceAccounts.resource);
    if (!key || !kind) return [];
    try {
      return roleGroups((await registry.get(kind, key)) as ServiceAccount);
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return [];
      throw error;
    }
  };
}
