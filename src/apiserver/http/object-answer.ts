/** Answers made of objects: one, a list, or the event of a watch, each in the form that the client asked for. */
import type { KubeObject } from '../../api/meta.ts';
import type { AnyKind } from '../registry/context.ts';
import type { ListReader } from '../registry/list.ts';
import type { RegistryWatchEvent } from '../registry/watch.ts';
import { listMetadata, listType } from '../registry.ts';
import {
  columnDefinitions,
  type IncludeObject,
  parseIncludeObject,
  partialObject,
  tableRow,
  tableType,
} from '../table.ts';
import { JsonWriter, sendJson } from './answer.ts';
import { type AnswerForm, negotiateForm } from './answer-form.ts';
import type { Exchange } from './exchange.ts';
import { readText } from './query.ts';

export interface Presentation {
  readonly form: AnswerForm;
  readonly include: IncludeObject;
}

/** @throws StatusError NotAcceptable, BadRequest */
export function presentationOf(exchange: Exchange): Presentation {
  const form = negotiateForm(exchange.request.headers.accept);
  return { form, include: parseIncludeObject(readText(exchange.query, 'includeObject')) };
}

/** Sends one object. */
export async function sendObject(exchange: Exchange, kind: AnyKind, object: KubeObject, code = 200): Promise<void> {
  const presentation = presentationOf(exchange);
  await sendJson(exchange, code, present(kind, object, presentation, exchange.clock.now(), true));
}

/** Sends a list as it is read, so that it never stands in memory as a whole. Fails cleanly until the first page is there. */
export async function sendList(exchange: Exchange, kind: AnyKind, reader: ListReader): Promise<void> {
  const presentation = presentationOf(exchange);
  const { opening, toItem } = listShape(kind, presentation, exchange.clock.now());
  let page = await reader.next();
  const writer = new JsonWriter(exchange, 200);
  await writer.write(opening);
  for (let separator = ''; !page.done; page = await reader.next()) {
    for (const object of page.value) {
      await writer.write(separator + JSON.stringify(toItem(object)));
      separator = ',';
    }
  }
  await writer.end(`],"metadata":${JSON.stringify(listMetadata(page.value))}}\n`);
}

function listShape(
  kind: AnyKind,
  { form, include }: Presentation,
  nowMs: number,
): { readonly opening: string; readonly toItem: (object: KubeObject) => unknown } {
  switch (form) {
    case 'object':
      return { opening: `${openObject(listType(kind))},"items":[`, toItem: (object) => object };
    case 'metadata':
      return {
        opening: `${openObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' })},"items":[`,
        toItem: partialObject,
      };
    case 'table':
      return {
        opening: `${openObject({ ...tableType, columnDefinitions: columnDefinitions(kind) })},"rows":[`,
        toItem: (object) => tableRow(kind, object, include, nowMs),
      };
  }
}

/** The text of an object whose last brace is still to come. */
function openObject(fields: object): string {
  return JSON.stringify(fields).slice(0, -1);
}

/** One line of a watch. `isFirst`: only the first table of a stream names its columns. */
export function watchLine(
  kind: AnyKind,
  event: RegistryWatchEvent,
  presentation: Presentation,
  nowMs: number,
  isFirst: boolean,
): string {
  const object =
    event.type === 'BOOKMARK'
      ? presentBookmark(kind, event, presentation)
      : present(kind, event.object, presentation, nowMs, isFirst);
  return `${JSON.stringify({ type: event.type, object })}\n`;
}

function present(
  kind: AnyKind,
  object: KubeObject,
  { form, include }: Presentation,
  nowMs: number,
  withColumns: boolean,
): unknown {
  switch (form) {
    case 'object':
      return object;
    case 'metadata':
      return partialObject(object);
    case 'table':
      return {
        ...tableType,
        metadata: { resourceVersion: object.metadata.resourceVersion },
        ...(withColumns ? { columnDefinitions: columnDefinitions(kind) } : {}),
        rows: [tableRow(kind, object, include, nowMs)],
      };
  }
}

function presentBookmark(
  kind: AnyKind,
  event: RegistryWatchEvent & { readonly type: 'BOOKMARK' },
  { form }: Presentation,
): unknown {
  const metadata = {
    resourceVersion: event.resourceVersion,
    ...(event.isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  };
  const { apiVersion } = listType(kind);
  const bare: KubeObject = { kind: kind.kind, apiVersion, metadata };
  switch (form) {
    case 'object':
      return bare;
    case 'metadata':
      return partialObject(bare);
    case 'table':
      return { ...tableType, metadata, rows: [{ cells: [], object: partialObject(bare) }] };
  }
}
