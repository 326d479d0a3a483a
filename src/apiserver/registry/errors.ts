/** Kubernetes' errors about objects, in its words (k8s.io/apimachinery/pkg/api/errors). */
import type { FieldError, KindDescription } from '../../api/schema/kind.ts';
import { StatusError } from '../../lib/status-error.ts';

type Named = Pick<KindDescription, 'group' | 'resource' | 'kind'>;

/** `pods`, or `leases.coordination.k8s.io` outside the core group. */
function qualifiedResource(kind: Pick<Named, 'group' | 'resource'>): string {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
}

function detailsOf(kind: Named, name: string): { name?: string; group?: string; kind: string } {
  return {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.resource,
  };
}

export function notFound(kind: Named, name: string): StatusError {
  return new StatusError('NotFound', `${qualifiedResource(kind)} "${name}" not found`, {
    details: detailsOf(kind, name),
  });
}

export function alreadyExists(kind: Named, name: string): StatusError {
  return new StatusError('AlreadyExists', `${qualifiedResource(kind)} "${name}" already exists`, {
    details: detailsOf(kind, name),
  });
}

export function conflict(kind: Named, name: string, why: string): StatusError {
  return new StatusError('Conflict', `Operation cannot be fulfilled on ${qualifiedResource(kind)} "${name}": ${why}`, {
    details: detailsOf(kind, name),
  });
}

/** The refusal of a write that was based on an older version. */
export function staleVersion(kind: Named, name: string): StatusError {
  return conflict(
    kind,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

/** @param cause a machine-readable reason, as `NamespaceTerminating` */
export function forbidden(
  kind: Named,
  name: string,
  why: string,
  cause?: { readonly reason: string; readonly message: string; readonly field: string },
): StatusError {
  const subject = name === '' ? qualifiedResource(kind) : `${qualifiedResource(kind)} "${name}"`;
  return new StatusError('Forbidden', `${subject} is forbidden: ${why}`, {
    details: { ...detailsOf(kind, name), ...(cause ? { causes: [cause] } : {}) },
  });
}

/** Fields that are wrong: one sentence with every one of them, and each as a cause. */
export function invalid(kind: Pick<Named, 'group' | 'kind'>, name: string, errors: readonly FieldError[]): StatusError {
  const sentences = errors.map((error) => `${error.field}: ${error.message}`);
  const what = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`;
  const qualifiedKind = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new StatusError('Invalid', `${qualifiedKind} "${name}" is invalid: ${what}`, {
    details: {
      ...(name === '' ? {} : { name }),
      ...(kind.group === '' ? {} : { group: kind.group }),
      kind: kind.kind,
      causes: errors.map(({ field, reason, message }) => ({ reason, message, field })),
    },
  });
}

export function methodNotSupported(resource: string, verb: string): StatusError {
  return new StatusError('MethodNotAllowed', `${verb} is not supported on resources of kind "${resource}"`, {
    details: { kind: resource },
  });
}

/** For a path that leads nowhere. */
export function unknownPath(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', { details: {} });
}
