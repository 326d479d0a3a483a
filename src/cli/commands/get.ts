/** `eli get`: tables made by the server, or objects in the format that `-o` names. */
import type { KubeList, KubeObject } from '../../api/meta.ts';
import type { GroupVersionResource, ListOptions } from '../../api/object-client.ts';
import { listQuery } from '../../client/http-object-client.ts';
import { resourcePath } from '../../client/resource-path.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { createObjectPrinter, type PrintObject } from '../printers/object-printer.ts';
import { type OutputFormat, parseOutputFormat } from '../printers/output-format.ts';
import { sortByPath } from '../printers/sort-objects.ts';
import { type Table, type TableOptions, tabbedTable } from '../printers/table.ts';
import { parseResourceArgs, type ResourceSelection } from '../resources/resource-args.ts';
import { apiVersionOf, kindName, type ResourceKind } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';

export interface GetFlags {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly watch?: boolean;
  readonly watchOnly?: boolean;
  readonly headers?: boolean;
  readonly showLabels?: boolean;
  readonly labelColumns?: readonly string[];
  readonly ignoreNotFound?: boolean;
  readonly showManagedFields?: boolean;
  readonly showKind?: boolean;
  readonly sortBy?: string;
  readonly chunkSize?: string;
  readonly raw?: string;
}

/** Asks for a table and takes the object when the server makes none. */
export const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
/** As kubectl; `--chunk-size` says otherwise. */
const defaultChunkSize = 500;

/** Everything that `get` asks the server for is asked with these. */
export interface Scope {
  readonly session: Session;
  readonly signal: AbortSignal;
  readonly flags: GetFlags;
  readonly ignoreNotFound: boolean;
}

/** Prints what the arguments select; resolves with the exit code: 1 when something asked for by name is missing. */
export async function runGet(args: readonly string[], flags: GetFlags, context: CommandContext): Promise<number> {
  if (flags.raw) return await (await import('./get-raw.ts')).getRaw(args, flags.raw, flags, context);
  const format = parseOutputFormat(context.flags.output);
  if (await asksForDevices(args, flags, context)) {
    const { getDevices } = await import('./get-devices.ts');
    return await getDevices(flags, format, context);
  }
  const session = await context.session();
  const selections = await parseResourceArgs(args, 'get', session.resources);
  checkFlags(selections, flags);
  const scope: Scope = { session, signal: context.signal, flags, ignoreNotFound: flags.ignoreNotFound ?? false };
  if (flags.watch || flags.watchOnly) {
    if (flags.sortBy !== undefined) {
      context.note('warning: --watch or --watch-only requested, --sort-by will be ignored');
    }
    const { watchSelection } = await import('./get-watch.ts');
    return await watchSelection(selections, scope, format, context);
  }
  return format.kind === 'table'
    ? await printTables(selections, scope, format.wide, context)
    : await printObjects(selections, scope, printerOf(format, flags), context);
}

/**
 * Whether all nodes are asked for and nothing says of which device: then those of all devices are meant, found on the network
 * or paired. What selects some of them is a question to one device's API.
 */
async function asksForDevices(
  args: readonly string[],
  flags: GetFlags,
  { flags: globals, io }: CommandContext,
): Promise<boolean> {
  const isPlain = !flags.watch && !flags.watchOnly && flags.selector === undefined && flags.fieldSelector === undefined;
  if (!isPlain || args.length !== 1 || !['node', 'nodes', 'no'].includes(args[0] ?? '')) return false;
  const { namesTarget } = await import('../target.ts');
  return !(await namesTarget(globals, io));
}

/** The printer of a format for objects. */
export function printerOf(format: Exclude<OutputFormat, { kind: 'table' }>, flags: GetFlags): PrintObject {
  return createObjectPrinter({
    format,
    noHeaders: flags.headers === false,
    showManagedFields: flags.showManagedFields ?? false,
  });
}

/** How tables of this command look. */
export function tableOptionsOf(flags: GetFlags, wide: boolean, kind: ResourceKind, prefix: boolean): TableOptions {
  return {
    wide,
    noHeaders: flags.headers === false,
    withNamespace: (flags.allNamespaces ?? false) && kind.namespaced,
    showLabels: flags.showLabels ?? false,
    labelColumns: (flags.labelColumns ?? []).flatMap((keys) => keys.split(',')),
    namePrefix: prefix || flags.showKind ? kindName(kind) : undefined,
  };
}

/** The namespace of a request: none for cluster-scoped kinds and with `-A`. */
export function namespaceOf(kind: ResourceKind, scope: Scope): string | undefined {
  return kind.namespaced && !scope.flags.allNamespaces ? scope.session.namespace : undefined;
}

/** How many objects of a page; undefined = all at once. */
function pageSizeOf({ chunkSize }: Pick<GetFlags, 'chunkSize'>): number | undefined {
  if (chunkSize === undefined) return defaultChunkSize;
  if (!/^\d+$/.test(chunkSize)) {
    throw new UsageError(`invalid argument "${chunkSize}" for "--chunk-size" flag: must be a whole number, at least 0`);
  }
  return Number(chunkSize) || undefined;
}

function checkFlags(selections: readonly ResourceSelection[], flags: GetFlags): void {
  const named = selections.some(({ names }) => names.length > 0);
  if (named && flags.allNamespaces) {
    throw new UsageError('a resource cannot be retrieved by name across all namespaces', 'leave out -A, or the name');
  }
  if (named && (flags.selector !== undefined || flags.fieldSelector !== undefined)) {
    throw new UsageError('name cannot be provided when a selector is specified', 'leave out the selector, or the name');
  }
}

async function printTables(
  selections: readonly ResourceSelection[],
  scope: Scope,
  wide: boolean,
  context: CommandContext,
): Promise<number> {
  const failures: unknown[] = [];
  const several = selections.length > 1;
  let printed = 0;
  for (const selection of selections) {
    const options = tableOptionsOf(scope.flags, wide, selection.kind, several);
    const table = await fetchTable(selection, rowObjects(options, scope.flags), scope, failures);
    const text = tabbedTable(sorted(table, scope.flags), options);
    if (text === '') continue;
    if (printed++ > 0) await context.print('\n');
    await context.printTable(text, !options.noHeaders);
  }
  if (printed === 0 && failures.length === 0 && !scope.ignoreNotFound) context.note(nothingFound(selections, scope));
  return finish(failures, context);
}

function sorted(table: Table, { sortBy }: GetFlags): Table {
  if (sortBy === undefined) return table;
  return { ...table, rows: sortByPath(table.rows ?? [], sortBy, ({ object }) => object) };
}

/** What each row must carry beside its cells. */
type RowObjects = 'Object' | 'Metadata' | 'None';

/** The metadata is most of an answer, and only some columns need it; sorting may need any field. */
function rowObjects({ withNamespace, showLabels, labelColumns }: TableOptions, { sortBy }: GetFlags): RowObjects {
  if (sortBy !== undefined) return 'Object';
  return withNamespace || showLabels || labelColumns.length > 0 ? 'Metadata' : 'None';
}

/** One table for all names or pages of a selection; names that are missing go to `failures`. */
async function fetchTable(
  { kind, names }: ResourceSelection,
  includeObject: RowObjects,
  scope: Scope,
  failures: unknown[],
): Promise<Table> {
  const tables: Table[] = [];
  const namespace = namespaceOf(kind, scope);
  const { rest } = scope.session;
  if (names.length > 0) {
    for (const name of names) {
      const path = resourcePath(kind, { namespace, name });
      const one = rest.json<Table>({ path, query: { includeObject }, accept: tableAccept, signal: scope.signal });
      const table = await found(one, scope, failures);
      if (table !== undefined) tables.push(table);
    }
  } else {
    let next: string | undefined;
    do {
      const table: Table = await rest.json<Table>({
        path: resourcePath(kind, { namespace }),
        query: {
          ...listQuery(pageOf(scope.flags, next)),
          includeObject,
        },
        accept: tableAccept,
        signal: scope.signal,
      });
      tables.push(table);
      next = table.metadata?.continue || undefined;
    } while (next !== undefined);
  }
  const columnDefinitions = tables.find((table) => table.columnDefinitions)?.columnDefinitions ?? [];
  return { kind: 'Table', columnDefinitions, rows: tables.flatMap((table) => table.rows ?? []) };
}

async function printObjects(
  selections: readonly ResourceSelection[],
  scope: Scope,
  print: PrintObject,
  context: CommandContext,
): Promise<number> {
  const failures: unknown[] = [];
  const objects: KubeObject[] = [];
  for (const selection of selections) objects.push(...(await fetchObjects(selection, scope, failures)));
  const { sortBy } = scope.flags;
  if (sortBy !== undefined) objects.splice(0, Infinity, ...sortByPath(objects, sortBy, (object) => object));
  const [first] = objects;
  const one = selections.length === 1 && selections[0]?.names.length === 1;
  if (one) {
    if (first !== undefined) await context.print(await print(first));
  } else if (objects.length > 0 || failures.length === 0) {
    await context.print(await print(listOf(objects)));
  }
  return finish(failures, context);
}

/** A `List` as kubectl makes one of objects of any kind. */
export function listOf(items: readonly KubeObject[]): KubeObject {
  return { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items };
}

async function fetchObjects(
  { kind, names }: ResourceSelection,
  scope: Scope,
  failures: unknown[],
): Promise<readonly KubeObject[]> {
  const namespace = namespaceOf(kind, scope);
  if (names.length === 0) return await listAll(kind, namespace, scope);
  const objects: KubeObject[] = [];
  for (const name of names) {
    const key = namespace === undefined ? { name } : { namespace, name };
    const object = await found(scope.session.client.get(kind, key, scope.signal), scope, failures);
    if (object !== undefined) objects.push(object);
  }
  return objects;
}

/** Every object of a kind, page by page; items carry their kind even when the server left it out. */
export async function listAll(
  kind: GroupVersionResource & Pick<ResourceKind, 'kind'>,
  namespace: string | undefined,
  scope: Pick<Scope, 'session' | 'signal' | 'flags'>,
): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  let next: string | undefined;
  do {
    const page: KubeList = await scope.session.client.list(
      kind,
      {
        ...(namespace === undefined ? {} : { namespace }),
        ...pageOf(scope.flags, next),
      },
      scope.signal,
    );
    for (const item of page.items) objects.push({ ...item, apiVersion: apiVersionOf(kind), kind: kind.kind });
    next = page.metadata.continue || undefined;
  } while (next !== undefined);
  return objects;
}

/** The page after `next`, or the first one. */
function pageOf(flags: GetFlags, next: string | undefined): ListOptions {
  const limit = pageSizeOf(flags);
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(next === undefined ? {} : { continue: next }),
    ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
    ...(flags.fieldSelector === undefined ? {} : { fieldSelector: flags.fieldSelector }),
  };
}

/** The answer, or undefined with the failure kept: one missing name must not hide the others. */
async function found<T>(answer: Promise<T>, scope: Scope, failures: unknown[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!isStatusError(error, 'NotFound')) throw error;
    if (!scope.ignoreNotFound) failures.push(error);
    return undefined;
  }
}

async function finish(failures: readonly unknown[], context: CommandContext): Promise<number> {
  if (failures.length === 0) return 0;
  const { describeFailure } = await import('../failure.ts');
  const session = await context.session();
  const around = { device: session.transport.address, namespace: session.namespace };
  for (const failure of failures) context.note(describeFailure(failure, around));
  return 1;
}

function nothingFound(selections: readonly ResourceSelection[], scope: Scope): string {
  const namespaced = selections.some(({ kind }) => kind.namespaced) && !scope.flags.allNamespaces;
  return namespaced ? `No resources found in ${scope.session.namespace} namespace.` : 'No resources found';
}
