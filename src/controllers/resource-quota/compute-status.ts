/** What the status of a quota says: the bounds in force and what is used of them. Pure. */
import type { ResourceQuota, ResourceQuotaStatus } from '../../api/kinds/resource-quota.ts';
import { formatQuantity } from '../../api/quantity.ts';
import { type NamespaceContent, quotaUsage } from '../../api/quota/usage.ts';

/** @param content of the quota's namespace */
export function computeQuotaStatus(quota: ResourceQuota, content: NamespaceContent): ResourceQuotaStatus {
  const used = [...quotaUsage(quota, content)].map(([name, amount]) => [name, formatQuantity(amount)]);
  return { hard: quota.spec.hard ?? {}, used: Object.fromEntries(used) };
}
