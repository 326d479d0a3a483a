/**
 * Reads `.eliot.yml`: every field of the first Eliot's, and more. Strict: what is not known is refused with its line, since a
 * misspelt field that is ignored is found much later. Pure.
 */
import { LineCounter, parseDocument } from 'yaml';
import { parseQuantityParts } from '../../api/quantity-parts.ts';
import { locateField } from '../manifests/locate-field.ts';
import { findFault, kubernetesYaml } from '../manifests/yaml-options.ts';
import { type MountSpec, mountOf, parseBind, parseMount } from '../pod-parts/mounts.ts';
import { UsageError } from '../usage-error.ts';
import { eliotFileName } from './eliot-file-name.ts';
import { type OnChange, parseCommand, parseOnChange } from './on-change.ts';
import { parsePortPair } from './port-pair.ts';
import { type ProjectSettings, parseSyncPair, type SyncPair } from './project-settings.ts';

/** A value, and where it stands for messages. */
interface Field {
  readonly value: unknown;
  /** `.eliot.yml:3:1: ports[0]`. */
  readonly subject: string;
}

type Readers = Readonly<Record<string, (field: Field, at: (path: string) => string) => ProjectSettings>>;

const readers: Readers = {
  name: (field) => ({ name: textOf(field) }),
  image: (field) => ({ image: textOf(field) }),
  command: (field) => ({ command: commandOf(field) }),
  workdir: (field) => ({ workdir: pathOf(field) }),
  env: (field, at) => ({ env: envOf(field, at) }),
  binds: (field, at) => ({ mounts: listOf(field, at).map((item) => parseBind(textOf(item), item.subject)) }),
  mounts: (field, at) => ({ mounts: listOf(field, at).map(mountIn) }),
  syncs: (field, at) => ({ syncs: syncsOf(field, at) }),
  // Nothing is needed in the pod any longer for files to arrive.
  syncContainer: () => ({}),
  ports: (field, at) => ({ ports: listOf(field, at).map((item) => parsePortPair(textOf(item), item.subject)) }),
  devices: (field, at) => ({ devices: listOf(field, at).map(textOf) }),
  resources: (field) => resourcesOf(field),
  ignore: (field, at) => ({ ignore: listOf(field, at).map(textOf) }),
  'on-change': (field) => ({ onChange: onChangeOf(field) }),
  'two-way': (field) => ({ twoWay: yesOrNo(field) }),
  privileged: (field) => ({ privileged: yesOrNo(field) }),
};

/**
 * The settings in `text`; an empty file has none.
 *
 * @param source name of the file, for messages
 * @throws UsageError that begins with `FILE:LINE:COLUMN`
 */
export function parseEliotFile(text: string, source: string = eliotFileName): ProjectSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...kubernetesYaml, lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${source}:${line}:${col}`;
  };
  const fault = findFault(document);
  if (fault !== undefined) throw new UsageError(`${place(fault.offset)}: ${fault.message}`);
  const fields = read(document.toJS.bind(document), source);
  if (fields === null) return {};
  if (!isRecord(fields)) throw new UsageError(`${place(0)}: is no map of fields`, knownFields());
  const at = (path: string): string => `${place(locateField(document.contents, path) ?? 0)}: ${path}`;
  return Object.entries(fields).reduce((settings, [name, value]): ProjectSettings => {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (reader === undefined) throw new UsageError(`${at(name)} is not known`, knownFields());
    const next = reader({ value, subject: at(name) }, at);
    // Binds and mounts are one list.
    return { ...settings, ...next, ...(next.mounts ? { mounts: [...(settings.mounts ?? []), ...next.mounts] } : {}) };
  }, {} as ProjectSettings);
}

function read(toValue: (options: { maxAliasCount: number }) => unknown, source: string): unknown {
  try {
    return toValue({ maxAliasCount: 100 });
  } catch (cause) {
    throw new UsageError(`${source}: ${cause instanceof Error ? cause.message : cause}`, undefined, { cause });
  }
}

function knownFields(): string {
  return `known: ${Object.keys(readers).join(', ')}`;
}

function textOf({ value, subject }: Field): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value === '') throw new UsageError(`${subject} must be a text`);
  return value;
}

function yesOrNo({ value, subject }: Field): boolean {
  if (typeof value !== 'boolean') throw new UsageError(`${subject} must be true or false`);
  return value;
}

function pathOf(field: Field): string {
  const text = textOf(field);
  if (!text.startsWith('/')) throw new UsageError(`${field.subject} must be an absolute path of the container`);
  return text;
}

function listOf({ value, subject }: Field, at: (path: string) => string): readonly Field[] {
  if (!Array.isArray(value)) throw new UsageError(`${subject} must be a list`);
  const path = subject.slice(subject.lastIndexOf(' ') + 1);
  return value.map((item: unknown, index) => ({ value: item, subject: at(`${path}[${index}]`) }));
}

/** A list of words, or a line. */
function commandOf(field: Field): readonly string[] {
  if (!Array.isArray(field.value)) return parseCommand(textOf(field));
  return field.value.map((value: unknown) => textOf({ value, subject: field.subject }));
}

function onChangeOf(field: Field): OnChange {
  if (Array.isArray(field.value)) return { kind: 'Run', command: commandOf(field) };
  return parseOnChange(textOf(field), field.subject);
}

function envOf(field: Field, at: (path: string) => string): readonly string[] {
  const { value, subject } = field;
  if (!isRecord(value)) return listOf(field, at).map(textOf);
  return Object.entries(value).map(([name, text]) => {
    if (typeof text === 'object' && text !== null) throw new UsageError(`${subject}.${name} must be a text`);
    return `${name}=${text ?? ''}`;
  });
}

/** As a flag writes it, or as a map. */
function mountIn({ value, subject }: Field): MountSpec {
  if (!isRecord(value)) return parseMount(textOf({ value, subject }), subject);
  const known = ['type', 'source', 'destination', 'options'];
  for (const [key, part] of Object.entries(value)) {
    if (!known.includes(key)) throw new UsageError(`${subject}.${key} is not known`, `known: ${known.join(', ')}`);
    if (key !== 'options') textOf({ value: part, subject: `${subject}.${key}` });
    else if (!Array.isArray(part)) throw new UsageError(`${subject}.options must be a list`);
  }
  return mountOf(value, subject);
}

/** `SOURCE:DESTINATION`, in a list or, as the first Eliot's documentation had it, as a map. */
function syncsOf(field: Field, at: (path: string) => string): readonly SyncPair[] {
  const { value } = field;
  const items = isRecord(value)
    ? Object.entries(value).map(([from, to]) => ({ value: `${from}:${to}`, subject: `${field.subject}.${from}` }))
    : listOf(field, at);
  return items.map((item) => {
    const pair = parseSyncPair(textOf(item));
    if (pair === undefined) throw new UsageError(item.subject, 'written as SOURCE:DESTINATION, for example .:/volume');
    return pair;
  });
}

function resourcesOf({ value, subject }: Field): ProjectSettings {
  if (!isRecord(value)) throw new UsageError(`${subject} must be a map of limits and requests`);
  for (const [kind, quantities] of Object.entries(value)) {
    if (kind !== 'limits' && kind !== 'requests') {
      throw new UsageError(`${subject}.${kind} is not known`, 'known: limits, requests, as in a pod');
    }
    if (!isRecord(quantities)) throw new UsageError(`${subject}.${kind} must be a map, for example "cpu: 500m"`);
    for (const [name, quantity] of Object.entries(quantities)) {
      const parts = parseQuantityParts(String(quantity));
      if ('problem' in parts) throw new UsageError(`${subject}.${kind}.${name}: ${parts.problem}`);
    }
  }
  const quantities = (kind: string): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(value[kind] ?? {}).map(([name, quantity]) => [name, String(quantity)]));
  return { limits: quantities('limits'), requests: quantities('requests') };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
