/** Any other object: its metadata, then its fields with their names in words, as kubectl does for unknown kinds. */
import type { DescribeInput } from './describe-input.ts';
import { addEvents } from './events.ts';
import { annotationsText, Lines, labelsText } from './lines.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields of the metadata that stand at the top already, or are bookkeeping. */
const shownElsewhere = new Set(['name', 'namespace', 'labels', 'annotations', 'managedFields', 'selfLink']);

/** The description of `object`. */
export function describeGeneric({ object, events, nowMs }: DescribeInput): string {
  const { apiVersion, kind, metadata, ...rest } = object;
  const lines = new Lines();
  lines.field(0, 'Name', metadata.name ?? '');
  lines.field(0, 'Namespace', metadata.namespace ?? '');
  lines.field(0, 'Labels', labelsText(metadata.labels));
  lines.field(0, 'Annotations', annotationsText(metadata.annotations));
  lines.field(0, 'API Version', apiVersion);
  lines.field(0, 'Kind', kind);
  const shown = Object.entries(metadata).filter(([key]) => !shownElsewhere.has(key));
  addFields(lines, 0, { metadata: Object.fromEntries(shown), ...rest });
  addEvents(lines, events, nowMs);
  return lines.toString();
}

function addFields(lines: Lines, level: number, fields: Fields): void {
  const entries = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, value] of entries) {
    const name = words(key);
    if (Array.isArray(value)) {
      lines.list(level, name, value, (item: unknown) => addItem(lines, level + 1, item));
    } else if (isFields(value) && Object.keys(value).length > 0) {
      lines.section(level, name, () => addFields(lines, level + 1, value));
    } else {
      const isNothing = value === undefined || value === null || isFields(value);
      lines.field(level, name, isNothing ? '<none>' : String(value));
    }
  }
}

function addItem(lines: Lines, level: number, item: unknown): void {
  if (isFields(item)) addFields(lines, level, item);
  else lines.add(level, typeof item === 'string' ? item : JSON.stringify(item));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `creationTimestamp` -> `Creation Timestamp`; `podIP` -> `Pod IP`. */
function words(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z]{2,})/g, '$1 $2');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
