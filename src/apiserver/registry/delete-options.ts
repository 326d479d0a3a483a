/** `metav1.DeleteOptions`: how an object is to go. */
import { deleteOptions as deleteOptionsFields } from '../../api/kinds/options.ts';
import type { DeleteOptions } from '../../api/object-client.ts';
import { decodeJson } from '../../api/schema/decode-json.ts';
import type { FieldError } from '../../api/schema/kind.ts';
import { invalid } from './errors.ts';

const kind = { group: 'meta.k8s.io', kind: 'DeleteOptions' };
const policies = ['Background', 'Foreground', 'Orphan'] as const;

/**
 * Options from a request body (undefined when there is none).
 *
 * @throws StatusError BadRequest for wrong types, Invalid for a policy or dryRun that does not exist
 */
export function parseDeleteOptions(body: unknown): DeleteOptions {
  if (body === undefined || body === null) return {};
  const options = decodeJson(deleteOptionsFields, body, 'DeleteOptions').value as {
    readonly gracePeriodSeconds?: number;
    readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
    readonly propagationPolicy?: string;
    readonly orphanDependents?: boolean;
    readonly dryRun?: readonly string[];
  };
  const errors = [...policyErrors(options), ...dryRunErrors(options.dryRun)];
  if (errors.length > 0) throw invalid(kind, '', errors);
  const policy = policies.find((known) => known === options.propagationPolicy) ?? oldPolicy(options.orphanDependents);
  return {
    ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.preconditions ? { preconditions: options.preconditions } : {}),
    ...(policy ? { propagationPolicy: policy } : {}),
    ...((options.dryRun ?? []).length > 0 ? { dryRun: true } : {}),
  };
}

/** What was said before there were policies. */
function oldPolicy(orphanDependents: boolean | undefined): 'Orphan' | 'Background' | undefined {
  return orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background';
}

function policyErrors({
  propagationPolicy: policy,
  orphanDependents,
}: {
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
}): FieldError[] {
  if (policy !== undefined && orphanDependents !== undefined) {
    const message = `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`;
    return [{ field: 'propagationPolicy', reason: 'FieldValueInvalid', message }];
  }
  if (policy === undefined || policies.some((known) => known === policy)) return [];
  return [
    {
      field: 'propagationPolicy',
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan"`,
    },
  ];
}

function dryRunErrors(dryRun: readonly string[] = []): FieldError[] {
  if (dryRun.every((value) => value === 'All')) return [];
  return [
    {
      field: 'dryRun',
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(dryRun.find((value) => value !== 'All'))}: supported values: "All"`,
    },
  ];
}
