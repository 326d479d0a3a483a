/** `eli events`: what has happened, oldest first, and with `-w` what happens. */
import type { Event } from '../../api/kinds/event.ts';
import type { KubeObject } from '../../api/meta.ts';
import { events as eventsResource } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { eventInterval, eventTimeMs } from '../describe/events.ts';
import { createObjectPrinter } from '../printers/object-printer.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { StreamedTable, type Table, type TableOptions, tabbedTable } from '../printers/table.ts';
import { parseResourceArgs } from '../resources/resource-args.ts';
import { apiVersionOf } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';

export interface EventsFlags {
  readonly for?: string;
  readonly types?: readonly string[];
  readonly watch?: boolean;
  readonly allNamespaces?: boolean;
  readonly headers?: boolean;
}

/** Which events are asked for. */
interface Scope {
  readonly namespace: string | undefined;
  readonly fieldSelector?: string;
  /** Lower case; none = all. */
  readonly types: readonly string[];
}

/** Writes events that came together, or one that came alone. */
type PrintEvents = (events: readonly Event[]) => Promise<void>;

/** Between two looks after a watch that ended. */
const pauseMs = 1_000;

/** Shows the events of a namespace, of all, or of one object; resolves with the exit code. */
export async function runEvents(flags: EventsFlags, context: CommandContext): Promise<number> {
  const types = (flags.types ?? []).flatMap((text) => text.toLowerCase().split(','));
  if (types.some((type) => type !== 'normal' && type !== 'warning')) {
    throw new UsageError('valid --types are Normal or Warning');
  }
  const print = printerOf(flags, context);
  const session = await context.session();
  const namespace = flags.allNamespaces ? undefined : session.namespace;
  const scope = { namespace, types, ...(flags.for === undefined ? {} : await selectorOf(flags.for, session)) };
  if (flags.watch) return await follow(scope, print, context);
  const { events } = await list(scope, context);
  if (events.length > 0) await print(events);
  else context.note(namespace === undefined ? 'No events found.' : `No events found in ${namespace} namespace.`);
  return 0;
}

async function selectorOf(text: string, session: Session): Promise<{ readonly fieldSelector: string }> {
  if (!text.includes('/')) throw new UsageError('--for must be in resource/name form', 'for example: --for pod/web');
  const [selection] = await parseResourceArgs([text], 'events', session.resources);
  if (selection === undefined) throw new UsageError('--for must be in resource/name form');
  const { kind, names } = selection;
  const selectors = [
    `involvedObject.kind=${kind.kind}`,
    `involvedObject.apiVersion=${apiVersionOf(kind)}`,
    `involvedObject.name=${names[0]}`,
  ];
  return { fieldSelector: selectors.join(',') };
}

/** The events there are, oldest first, and the revision at which they were. */
async function list(
  scope: Scope,
  context: CommandContext,
): Promise<{ readonly events: readonly Event[]; readonly revision: string }> {
  const { client } = await context.session();
  const { items, metadata } = await client.list<Event>(eventsResource, optionsOf(scope), context.signal);
  const asked = items.filter((event) => isAsked(event, scope));
  return { events: asked.sort((a, b) => eventTimeMs(a) - eventTimeMs(b)), revision: metadata.resourceVersion ?? '' };
}

function optionsOf({ namespace, fieldSelector }: Scope): {
  readonly namespace?: string;
  readonly fieldSelector?: string;
} {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

function isAsked({ type = '' }: Event, { types }: Scope): boolean {
  return types.length === 0 || types.includes(type.toLowerCase());
}

/** Those there are, then each that comes, until the command is stopped. */
async function follow(scope: Scope, print: PrintEvents, context: CommandContext): Promise<never> {
  const { client } = await context.session();
  let revision: string | undefined;
  for (;;) {
    if (revision === undefined) {
      const found = await list(scope, context);
      if (found.events.length > 0) await print(found.events);
      revision = found.revision;
    }
    try {
      const from = { ...optionsOf(scope), resourceVersion: revision };
      for await (const event of client.watch<Event>(eventsResource, from, context.signal)) {
        if (event.type === 'BOOKMARK') {
          revision = event.resourceVersion;
          continue;
        }
        revision = event.object.metadata.resourceVersion ?? revision;
        if (event.type !== 'DELETED' && isAsked(event.object, scope)) await print([event.object]);
      }
    } catch (error) {
      if (!isStatusError(error, 'Expired')) throw error;
      // Too much happened while we were away: show everything as it is now.
      revision = undefined;
    }
    context.signal.throwIfAborted();
    await context.io.clock.sleep(pauseMs, context.signal);
  }
}

function printerOf(flags: EventsFlags, context: CommandContext): PrintEvents {
  const format = parseOutputFormat(context.flags.output, ['table', 'name', 'json', 'yaml', 'jsonpath']);
  const nowMs = (): number => context.io.clock.now();
  if (format.kind === 'table') {
    const options: TableOptions = {
      wide: false,
      noHeaders: flags.headers === false,
      withNamespace: flags.allNamespaces ?? false,
      showLabels: false,
      labelColumns: [],
    };
    if (!flags.watch) {
      return (events) =>
        context.printTable(tabbedTable(computeEventsTable(events, nowMs()), options), !options.noHeaders);
    }
    const table = new StreamedTable(options);
    return (events) => context.print(table.render(computeEventsTable(events, nowMs())));
  }
  const print = createObjectPrinter({ format, noHeaders: false, showManagedFields: false });
  return async (events) => {
    const items = events.map((event) => ({ ...event, apiVersion: 'v1', kind: 'Event' }) as unknown as KubeObject);
    const lists = flags.watch ? items : [{ apiVersion: 'v1', kind: 'EventList', metadata: {}, items }];
    for (const item of lists) await context.print(await print(item));
  };
}

const columns = ['Last Seen', 'Type', 'Reason', 'Object', 'Message'].map((name) => ({ name, type: 'string' }));

/** The rows of events in kubectl's layout. */
export function computeEventsTable(events: readonly Event[], nowMs: number): Table {
  const rows = events.map((event) => {
    const { type = '', reason = '', involvedObject, message = '', metadata } = event;
    const object = `${involvedObject.kind ?? ''}/${involvedObject.name ?? ''}`;
    return { cells: [eventInterval(event, nowMs), type, reason, object, message.trim()], object: { metadata } };
  });
  return { kind: 'Table', columnDefinitions: columns, rows };
}
