/** Columns that most kinds show, and the cells in them. */
import { humanDuration } from '../../../lib/human-duration.ts';
import type { KubeObject } from '../../meta.ts';
import type { Column } from '../../schema/kind.ts';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace.',
  priority: 0,
};

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  priority: 0,
};

/** For kinds of which `kubectl get` shows nothing in particular; the cell is the timestamp itself. */
export const createdAtColumn: Column = {
  name: 'Created At',
  type: 'date',
  description: 'When the object was created.',
  priority: 0,
};

/** A column that is always shown. */
export function column(name: string, type: Column['type'], description: string): Column {
  return { name, type, description, priority: 0 };
}

/** A column that shows with `-o wide` only. */
export function wideColumn(name: string, type: Column['type'], description: string): Column {
  return { name, type, description, priority: 1 };
}

/** Time since an RFC 3339 timestamp, `<unknown>` when there is none. */
export function since(timestamp: string | undefined, nowMs: number): string {
  const thenMs = timestamp ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(thenMs) ? '<unknown>' : humanDuration(nowMs - thenMs);
}

export function age(object: KubeObject, nowMs: number): string {
  return since(object.metadata.creationTimestamp, nowMs);
}

/** What stands in a cell that has nothing to show. */
export function orNone(text: string | undefined): string {
  return text ? text : '<none>';
}

/** The wide columns of everything that makes pods from a template; the selector is the third. */
export const containerColumns: readonly Column[] = [
  wideColumn('Containers', 'string', 'Names of the containers.'),
  wideColumn('Images', 'string', 'Images of the containers.'),
  wideColumn('Selector', 'string', 'Labels of its pods.'),
];

/** Names and images of containers, for the first two of `containerColumns`. */
export function containerCells(
  containers: readonly { readonly name: string; readonly image?: string }[] = [],
): [names: string, images: string] {
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image ?? '').join(',')];
}
