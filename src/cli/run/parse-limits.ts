/** What a run may use: `--cpus`, `--memory`, `--limit` and devices by their name. Pure. */
import { parseQuantityParts } from '../../api/quantity-parts.ts';
import { toQuantity } from '../pod-parts/mounts.ts';
import { UsageError } from '../usage-error.ts';
import type { AskedDevices } from './parse-devices.ts';
import type { RunFlags } from './run-flags.ts';

/**
 * Limits by resource.
 *
 * @throws UsageError for what is no quantity
 */
export function parseLimits(
  { cpus, memory, limit = [] }: RunFlags,
  devices: AskedDevices['resources'],
): Readonly<Record<string, string>> {
  const limits: Record<string, string> = {};
  if (cpus !== undefined) limits['cpu'] = checked(cpus, '--cpus', 'for example 0.5 or 500m');
  if (memory !== undefined) limits['memory'] = checked(toQuantity(memory), '--memory', 'for example 64m or 64Mi');
  for (const text of limit) {
    const [name = '', quantity = '', ...rest] = text.split('=');
    if (name === '' || rest.length > 0) throw new UsageError(`invalid --limit "${text}"`, 'written as NAME=QUANTITY');
    limits[name] = checked(quantity, `--limit ${name}`, 'for example ephemeral-storage=1Gi');
  }
  return { ...limits, ...devices };
}

function checked(quantity: string, flag: string, hint: string): string {
  const parts = parseQuantityParts(quantity);
  if ('problem' in parts) throw new UsageError(`invalid ${flag} "${quantity}": ${parts.problem}`, hint);
  return quantity;
}
