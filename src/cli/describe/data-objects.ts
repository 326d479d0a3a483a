/** ConfigMaps, Secrets and Namespaces in kubectl's layout. */
import type { ConfigMap } from '../../api/kinds/config-map.ts';
import type { Namespace } from '../../api/kinds/namespace.ts';
import type { Secret } from '../../api/kinds/secret.ts';
import type { DescribeInput } from './describe-input.ts';
import { addEvents } from './events.ts';
import { annotationsText, Lines, labelsText } from './lines.ts';

/** The description of a ConfigMap: its texts as they are, the size of what is binary. */
export function describeConfigMap({ object, events, nowMs }: DescribeInput): string {
  const { data, binaryData } = object as ConfigMap;
  const lines = addHead(object);
  addHeading(lines, 'Data');
  for (const [key, text] of sorted(data)) {
    lines.add(0, `${key}:`).add(0, '----');
    for (const line of text.split('\n')) lines.add(0, line);
    lines.add(0, '');
  }
  addHeading(lines, 'BinaryData');
  for (const [key, text] of sorted(binaryData)) lines.add(0, `${key}: ${sizeOf(text)} bytes`);
  lines.add(0, '');
  addEvents(lines, events, nowMs);
  return lines.toString();
}

/** The description of a Secret, without its values. */
export function describeSecret({ object }: DescribeInput): string {
  const { data, type } = object as Secret;
  const lines = addHead(object).add(0, '');
  lines.field(0, 'Type', type ?? 'Opaque');
  addHeading(lines, 'Data');
  for (const [key, text] of sorted(data)) lines.field(0, key, `${sizeOf(text)} bytes`);
  return lines.toString();
}

/** The description of a Namespace. */
export function describeNamespace({ object }: DescribeInput): string {
  const { status } = object as Namespace;
  return addHead(object)
    .field(0, 'Status', status?.phase ?? 'Active')
    .toString();
}

function addHead({ metadata }: DescribeInput['object']): Lines {
  const lines = new Lines().field(0, 'Name', metadata.name ?? '');
  if (metadata.namespace !== undefined) lines.field(0, 'Namespace', metadata.namespace);
  lines.field(0, 'Labels', labelsText(metadata.labels));
  return lines.field(0, 'Annotations', annotationsText(metadata.annotations));
}

function addHeading(lines: Lines, name: string): void {
  lines.add(0, '').add(0, name).add(0, '====');
}

function sorted(data: Readonly<Record<string, string>> | undefined): readonly (readonly [string, string])[] {
  return Object.entries(data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

function sizeOf(base64: string): number {
  return Buffer.from(base64, 'base64').length;
}
