/**
 * Reads the objects out of a YAML or JSON text of one or more documents; lists are opened.
 * Every complaint begins with `FILE:LINE:COLUMN`, so that editors can jump there.
 */
import { type Document, isMap, LineCounter, type ParsedNode, parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/meta.ts';
import { UsageError } from '../usage-error.ts';
import { locateField, objectNode } from './locate-field.ts';
import type { Manifest } from './manifest.ts';
import { isOriginal, translateOriginal } from './original/translate.ts';
import { findFault, kubernetesYaml } from './yaml-options.ts';

/**
 * The objects of `text`, in order; empty documents are skipped. Those in the form of the first Eliot are translated.
 *
 * @throws UsageError that names place and problem
 */
export function parseManifests(text: string, source: string): readonly Manifest[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { ...kubernetesYaml, lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents)) return [];
  const manifests: Manifest[] = [];
  for (const document of documents as readonly Document.Parsed[]) {
    const place = (offset: number): string => placeOf(source, lines, offset);
    const fault = findFault(document);
    if (fault !== undefined) throw new UsageError(`${place(fault.offset)}: ${tidy(fault.message)}`);
    const start = document.contents?.range?.[0] ?? 0;
    const value = read(document, place(start));
    if (isRecord(value) && isOriginal(value)) {
      const { object, notes } = translateOriginal(value, place(start));
      const told = `${source} is a manifest of the first Eliot; "eli convert -f ${source}" shows what it becomes`;
      manifests.push({ object, source, placeOf: () => undefined, notes: [told, ...notes] });
      continue;
    }
    for (const { object, item } of objectsOf(value, place(start), document)) {
      const locate = (path: string): string | undefined => {
        const offset = locateField(objectNode(document, item), path);
        return offset === undefined ? undefined : place(offset);
      };
      manifests.push({ object, source, placeOf: locate, notes: [] });
    }
  }
  return manifests;
}

function read(document: Document.Parsed, place: string): unknown {
  try {
    // A short text can grow without end when it refers to itself; a few references are normal.
    return document.toJS({ maxAliasCount: 1_000 });
  } catch (cause) {
    throw new UsageError(`${place}: ${cause instanceof Error ? cause.message : String(cause)}`, undefined, { cause });
  }
}

/** An object, and which of the items of a list it is in. */
interface Found {
  readonly object: KubeObject;
  readonly item: number | undefined;
}

function objectsOf(value: unknown, place: string, document: Document.Parsed): readonly Found[] {
  if (value === null || value === undefined) return [];
  if (!isRecord(value)) throw new UsageError(`${place}: is no Kubernetes object but ${describe(value)}`);
  for (const key of ['apiVersion', 'kind']) {
    const given = value[key];
    if (given === undefined || given === '')
      throw new UsageError(`${place}: ${key} is missing`, sample(document.contents));
    if (typeof given !== 'string') throw new UsageError(`${place}: ${key} must be a string, not ${describe(given)}`);
  }
  const object = value as unknown as KubeObject;
  if (object.kind.endsWith('List') && Array.isArray(value['items'])) {
    return value['items'].flatMap((inner, item) =>
      objectsOf(inner, `${place} (in items)`, document).map((found) => ({ ...found, item })),
    );
  }
  if (!isRecord(value['metadata'])) throw new UsageError(`${place}: metadata is missing in this ${object.kind}`);
  return [{ object, item: undefined }];
}

/** A hint only for what looks like something else altogether. */
function sample(contents: ParsedNode | null): string | undefined {
  if (!isMap(contents)) return undefined;
  return 'a manifest begins with, for example, "apiVersion: v1" and "kind: Pod"';
}

function placeOf(source: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${source}:${line}:${col}`;
}

/** The library ends some messages with the position, which we have said already. */
function tidy(message: string): string {
  return message.replace(/ at line \d+, column \d+:?[\s\S]*$/, '');
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'null' : `a ${typeof value}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
