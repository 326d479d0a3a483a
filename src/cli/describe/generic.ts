/** Any other object: its metadata, then its fields with their names in words, as kubectl does for unknown kinds. */

import type { DescribeInput } from './describe-input.ts';
import { addEvents } from './events.ts';
import { annotationsText, Lines, labelsText } from './lines.ts';

/** Fields of the metadata that stand at the top already, or are bookkeeping. */
const shownElsewhere = new Set(['name', 'namespace', 'labels', 'annotations', 'managedFields', 'selfLink']);
/** Kinds whose values are told by their size only. */
const secretKinds = new Set(['Secret']);

/** The description of `object`. The values of a Secret are not shown. */
export function describeGeneric({ object, events, nowMs }: DescribeInput): string {
  const { apiVersion, kind, metadata, ...rest } = object;
  const lines = new Lines();
  lines.field(0, 'Name', metadata.name ?? '');
  if (metadata.namespace !== undefined) lines.field(0, 'Namespace', metadata.namespace);
  lines.field(0, 'Labels', labelsText(metadata.labels));
  lines.field(0, 'Annotations', annotationsText(metadata.annotations));
  lines.field(0, 'API Version', apiVersion);
  lines.field(0, 'Kind', kind);
  addFields(lines, 0, {
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !shownElsewhere.has(key))),
  });
  for (const [key, value] of Object.entries(rest)) {
    if (key === 'data' || key === 'binaryData' || key === 'stringData')
      addData(lines, key, value, secretKinds.has(kind));
    else addFields(lines, 0, { [key]: value });
  }
  addEvents(lines, events, nowMs);
  return lines.toString();
}

/** Keys of a ConfigMap or Secret are names that must stay as they are. */
function addData(lines: Lines, name: string, value: unknown, hidden: boolean): void {
  const entries = Object.entries((value ?? {}) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  lines.section(
    0,
    words(name),
    entries.length === 0
      ? undefined
      : () => {
          for (const [key, text] of entries) {
            const isBinary = hidden || name === 'binaryData';
            if (isBinary) lines.field(1, key, `${Buffer.from(text, 'base64').length} bytes`);
            else lines.field(1, key, text.trimEnd());
          }
        },
  );
}

function addFields(lines: Lines, level: number, fields: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = words(key);
    if (Array.isArray(value)) {
      lines.section(level, name, value.length === 0 ? undefined : () => addItems(lines, level + 1, value));
    } else if (typeof value === 'object' && value !== null) {
      lines.section(
        level,
        name,
        Object.keys(value).length === 0
          ? undefined
          : () => addFields(lines, level + 1, value as Record<string, unknown>),
      );
    } else {
      lines.field(level, name, value === undefined || value === null ? '<none>' : String(value));
    }
  }
}

function addItems(lines: Lines, level: number, items: readonly unknown[]): void {
  for (const item of items) {
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
      addFields(lines, level, item as Record<string, unknown>);
    } else {
      lines.add(level, typeof item === 'object' ? JSON.stringify(item) : String(item));
    }
  }
}

/** `creationTimestamp` -> `Creation Timestamp`; `podCIDRs` -> `Pod CIDRs`. */
function words(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])(?!s?$)/g, '$1 $2');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
