/** `eli get -w`: what there is, then every change, until Ctrl-C. */
import type { KubeObject } from '../../api/meta.ts';
import { listQuery, watchQuery } from '../../client/http-object-client.ts';
import { resourcePath } from '../../client/resource-path.ts';
import type { WireEvent } from '../../client/rest-client.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import type { OutputFormat } from '../printers/output-format.ts';
import { StreamedTable, type Table } from '../printers/table.ts';
import type { ResourceSelection } from '../resources/resource-args.ts';
import { apiVersionOf } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { namespaceOf, printerOf, type Scope, tableAccept, tableOptionsOf } from './get.ts';

/** Turns a list answer or the object of an event into text. */
type Render = (value: unknown) => Promise<string>;

/** A watch that ends sooner than this is asked for again only after as long a pause. */
const pauseMs = 1_000;

/** Never resolves but with an error or when the command is stopped. */
export async function watchSelection(
  selections: readonly ResourceSelection[],
  scope: Scope,
  format: OutputFormat,
  context: CommandContext,
): Promise<number> {
  const [selection, ...others] = selections;
  if (selection === undefined || others.length > 0 || selection.names.length > 1) {
    throw new UsageError('you may only specify a single resource type with --watch', 'for example: eli get pods -w');
  }
  const render = renderer(selection, scope, format);
  let revision: string | undefined;
  for (;;) {
    const startedAt = context.io.clock.monotonicMs();
    try {
      if (revision === undefined) {
        const answer = await list(selection, scope, format);
        revision = revisionOf(answer);
        if (!scope.flags.watchOnly) await context.print(await render(answer));
        context.hint('(watching; Ctrl-C ends it)');
      }
      for await (const event of watch(selection, scope, format, revision)) {
        revision = revisionOfEvent(event) ?? revision;
        if (event.type !== 'BOOKMARK') await context.print(await render(event.object));
      }
    } catch (error) {
      if (!isStatusError(error, 'Expired')) throw error;
      // Too much happened while we were away: show everything as it is now.
      revision = undefined;
    }
    context.signal.throwIfAborted();
    if (context.io.clock.monotonicMs() - startedAt < pauseMs) await context.io.clock.sleep(pauseMs, context.signal);
  }
}

function renderer(selection: ResourceSelection, scope: Scope, format: OutputFormat): Render {
  if (format.kind === 'table') {
    const table = new StreamedTable(tableOptionsOf(scope.flags, format.wide, selection.kind, false));
    return async (value) => table.render(value as Table);
  }
  const print = printerOf(format, scope.flags);
  return async (value) => {
    const { items } = value as { readonly items?: readonly KubeObject[] };
    if (items === undefined) return await print(value as KubeObject);
    const { kind } = selection;
    const texts: string[] = [];
    for (const item of items) texts.push(await print({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind }));
    return texts.join('');
  };
}

function queryOf({ names }: ResourceSelection, { flags }: Scope): ReturnType<typeof listQuery> {
  const [name] = names;
  const fieldSelector = name === undefined ? flags.fieldSelector : `metadata.name=${name}`;
  return listQuery({
    ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  });
}

async function list(selection: ResourceSelection, scope: Scope, format: OutputFormat): Promise<unknown> {
  const namespace = namespaceOf(selection.kind, scope);
  const [name] = selection.names;
  // A name that does not exist is told at once instead of being waited for.
  if (name !== undefined && !scope.ignoreNotFound) {
    await scope.session.rest.json({ path: resourcePath(selection.kind, { namespace, name }), signal: scope.signal });
  }
  return await scope.session.rest.json({
    path: resourcePath(selection.kind, { namespace }),
    query: queryOf(selection, scope),
    ...acceptOf(format),
    signal: scope.signal,
  });
}

function watch(
  selection: ResourceSelection,
  scope: Scope,
  format: OutputFormat,
  revision: string,
): AsyncGenerator<WireEvent> {
  return scope.session.rest.watch({
    path: resourcePath(selection.kind, { namespace: namespaceOf(selection.kind, scope) }),
    query: { ...queryOf(selection, scope), ...watchQuery(revision) },
    ...acceptOf(format),
    signal: scope.signal,
  });
}

function acceptOf(format: OutputFormat): { readonly accept?: string } {
  return format.kind === 'table' ? { accept: tableAccept } : {};
}

function revisionOf(answer: unknown): string {
  return (answer as { readonly metadata?: { readonly resourceVersion?: string } }).metadata?.resourceVersion ?? '';
}

/** The revision of an event's object, or of the row of its table. */
function revisionOfEvent(event: WireEvent): string | undefined {
  const { rows } = event.object as Table;
  return rows?.[0]?.object?.metadata?.resourceVersion ?? (revisionOf(event.object) || undefined);
}
