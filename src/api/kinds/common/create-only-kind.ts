/** Kinds whose objects are requests: created, acted upon or answered at once, and never stored. */
import type { KubeObject } from '../../meta.ts';
import type { MessageType } from '../../schema/field.ts';
import type { KindDescription } from '../../schema/kind.ts';
import { nameColumn } from './columns.ts';

/** What all of them have in common; what `own` says comes first. */
export function createOnlyKind<M extends MessageType, T extends KubeObject>(
  own: Pick<KindDescription<M, T>, 'group' | 'version' | 'kind' | 'resource' | 'singular' | 'namespaced' | 'fields'> &
    Partial<Pick<KindDescription<M, T>, 'validate' | 'columns' | 'row'>>,
): KindDescription<M, T> {
  return {
    validate: () => [],
    columns: [nameColumn],
    row: ({ metadata: { name = '' } }) => [name],
    ...own,
    shortNames: [],
    categories: [],
    verbs: ['create'],
    subresources: [],
    storage: 'none',
    hasGeneration: false,
    validateUpdate: () => [],
    selectableFields: {},
  };
}
