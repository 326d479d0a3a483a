import type { GroupVersionResource, ObjectClient, ObjectKey } from '../../api/object-client.ts';
import { nodes, pods, secrets, serviceAccounts } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { TokenObjects } from './service-account-tokens.ts';

/** The objects as the API has them at this moment: what was deleted is gone at once. */
export function tokenObjects(client: Pick<ObjectClient, 'get'>): TokenObjects {
  const find = async <T>(resource: GroupVersionResource, key: ObjectKey): Promise<T | undefined> => {
    try {
      return await client.get<T>(resource, key);
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  };
  return {
    serviceAccount: (key) => find(serviceAccounts, key),
    pod: (key) => find(pods, key),
    secret: (key) => find(secrets, key),
    node: (key) => find(nodes, key),
  };
}
