/** The refusal of an apply that would change what others own, in Kubernetes' words. */
import { StatusError } from '../../lib/status-error.ts';
import { type FieldSet, isEmpty } from './field-set.ts';
import { compareText, type Manager } from './managers.ts';
import { pathsOf, pathText } from './path-text.ts';

export interface OwnedElsewhere {
  readonly owner: Manager;
  /** What the apply would change of what the owner has. */
  readonly fields: FieldSet;
}

/** Conflict, with a cause for each field. */
export function applyConflict(conflicts: readonly OwnedElsewhere[]): StatusError {
  const found = conflicts
    .filter(({ fields }) => !isEmpty(fields))
    .map(({ owner, fields }) => ({ owner: describeOwner(owner), paths: pathsOf(fields).map(pathText) }))
    .sort((left, right) => compareText(left.owner, right.owner));
  const causes = found.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
  );
  return new StatusError('Conflict', messageOf(causes, found), { details: { causes } });
}

function messageOf(
  causes: readonly { readonly message: string; readonly field: string }[],
  found: readonly { readonly owner: string; readonly paths: readonly string[] }[],
): string {
  const [only] = causes;
  if (only !== undefined && causes.length === 1) return `Apply failed with 1 conflict: ${only.message}: ${only.field}`;
  const lines = found.flatMap(({ owner, paths }) => [`conflicts with ${owner}:`, ...paths.map((path) => `- ${path}`)]);
  return `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`;
}

/** `"kubectl-edit" using apps/v1`; an applier owns its fields in whatever version. */
function describeOwner({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = JSON.stringify(manager) + (subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
