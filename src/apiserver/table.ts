/** `meta.k8s.io/v1 Table`: what `kubectl get` prints, made by the server from the kind's columns. */
import type { KubeObject } from '../api/meta.ts';
import type { KindDescription } from '../api/schema/kind.ts';
import { StatusError } from '../lib/status-error.ts';

/** What each row carries beside its cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableRow {
  readonly cells: readonly unknown[];
  readonly object?: unknown;
}

/** apiVersion and kind of a table. */
export const tableType = { kind: 'Table', apiVersion: 'meta.k8s.io/v1' } as const;

type Printed = Pick<KindDescription, 'columns' | 'row'>;

/** @throws StatusError BadRequest for a word that is none of the three */
export function parseIncludeObject(text: string | undefined): IncludeObject {
  if (text === undefined) return 'Metadata';
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text;
  throw new StatusError(
    'BadRequest',
    `unrecognized includeObject value: ${JSON.stringify(text)}: supported values: "Metadata", "None", "Object"`,
  );
}

/** The columns as `metav1.TableColumnDefinition`. */
export function columnDefinitions(kind: Printed): readonly unknown[] {
  return kind.columns.map(({ name, type, format = '', description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
}

export function tableRow(kind: Printed, object: KubeObject, include: IncludeObject, nowMs: number): TableRow {
  const cells = kind.row(object, nowMs);
  switch (include) {
    case 'None':
      return { cells };
    case 'Metadata':
      return { cells, object: partialObject(object) };
    case 'Object':
      return { cells, object };
  }
}

/** The object as clients get it that only want to know what there is. */
export function partialObject(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
