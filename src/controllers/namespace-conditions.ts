/**
 * The conditions of a namespace that is being deleted, in the words of Kubernetes' namespace controller:
 * what `kubectl describe namespace` shows of one that does not go.
 */

import type { NamespaceCondition } from '../api/kinds/namespace.ts';

/** What one attempt to empty a namespace found. */
export interface NamespaceContent {
  /** Objects left, by `<resource>.<group>`. */
  readonly remaining: ReadonlyMap<string, number>;
  /** Objects left that each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>;
  /** What listing or deleting threw. */
  readonly failures: readonly string[];
}

/** Discovery cannot fail here: the kinds are built in. */
const fineConditions = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
] as const;

/**
 * The conditions after an attempt. One that says what it said before keeps its transition time;
 * conditions of other types stay.
 *
 * @param time RFC 3339, for those that changed
 */
export function computeNamespaceConditions(
  previous: readonly NamespaceCondition[],
  content: NamespaceContent,
  time: string,
): NamespaceCondition[] {
  const current = fineConditions.map(([type, reason, message]): NamespaceCondition => {
    const trouble = describeTrouble(type, content);
    return trouble === undefined ? { type, status: 'False', reason, message } : { type, status: 'True', ...trouble };
  });
  const types = new Set(current.map((condition) => condition.type));
  return [
    ...previous.filter((condition) => !types.has(condition.type)),
    ...current.map((condition) => {
      const before = previous.find((other) => other.type === condition.type);
      const isSame =
        before?.status === condition.status &&
        before.reason === condition.reason &&
        before.message === condition.message;
      return { ...condition, lastTransitionTime: isSame ? (before.lastTransitionTime ?? time) : time };
    }),
  ];
}

function describeTrouble(
  type: string,
  content: NamespaceContent,
): { readonly reason: string; readonly message: string } | undefined {
  const { remaining, finalizers, failures } = content;
  switch (type) {
    case 'NamespaceDeletionContentFailure': {
      if (failures.length === 0) return undefined;
      const message = `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`;
      return { reason: 'ContentDeletionFailed', message };
    }
    case 'NamespaceContentRemaining': {
      if (remaining.size === 0) return undefined;
      const parts = [...remaining].map(([resource, count]) => `${resource} has ${count} resource instances`);
      return { reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${parts.sort().join(', ')}` };
    }
    case 'NamespaceFinalizersRemaining': {
      if (finalizers.size === 0) return undefined;
      const parts = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
      const message = `Some content in the namespace has finalizers remaining: ${parts.sort().join(', ')}`;
      return { reason: 'SomeFinalizersRemain', message };
    }
    default:
      return undefined;
  }
}
