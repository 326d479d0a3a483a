/** The events of an object, at the end of its description. */
import type { Event } from '../../api/kinds/event.ts';
import type { KubeObject } from '../../api/meta.ts';
import { events as eventsResource } from '../../api/resources.ts';
import { humanDuration } from '../../lib/human-duration.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { ResourceKind } from '../resources/resource-kind.ts';
import type { Session } from '../session.ts';
import type { Lines } from './lines.ts';

/** Most events that are read for one object. */
const maxEvents = 500;

/** The events about `object`, oldest first; undefined when the credentials do not allow to see events. */
export async function fetchEvents(
  object: KubeObject,
  kind: ResourceKind,
  session: Session,
  signal: AbortSignal,
): Promise<readonly Event[] | undefined> {
  const { name, namespace, uid } = object.metadata;
  const selectors = [`involvedObject.name=${name}`];
  if (namespace !== undefined) selectors.push(`involvedObject.namespace=${namespace}`);
  // Events of a node name it by its name where others have a UID; its kind tells them apart all the same.
  if (kind.kind === 'Node') selectors.push('involvedObject.kind=Node');
  else selectors.push(`involvedObject.uid=${uid}`);
  try {
    const { items } = await session.client.list<Event>(
      eventsResource,
      { ...(namespace === undefined ? {} : { namespace }), fieldSelector: selectors.join(','), limit: maxEvents },
      signal,
    );
    return [...items].sort((a, b) => eventTimeMs(a) - eventTimeMs(b));
  } catch (error) {
    if (isStatusError(error, 'Forbidden', 'NotFound')) return undefined;
    throw error;
  }
}

/** `Events:` with a table, or `<none>`; nothing when they were not asked for. */
export function addEvents(lines: Lines, events: readonly Event[] | undefined, nowMs: number): void {
  if (events === undefined) return;
  if (events.length === 0) {
    lines.field(0, 'Events', '<none>');
    return;
  }
  const rows = events.map((event) => [
    event.type ?? '',
    event.reason ?? '',
    eventInterval(event, nowMs),
    event.source.component || event.reportingComponent || '',
    messageOf(event),
  ]);
  lines.section(0, 'Events', () => lines.table(1, ['Type', 'Reason', 'Age', 'From', 'Message'], rows, 4));
}

/** With the part of the object that it is about: `spec.containers{main}: Container started`. */
function messageOf({ message = '', involvedObject }: Event): string {
  return `${involvedObject.fieldPath ? `${involvedObject.fieldPath}: ` : ''}${message.trim()}`;
}

/** When it was seen: `5s`, or `5s (x3 over 2m)` for what happened several times. */
export function eventInterval(event: Event, nowMs: number): string {
  const ago = (time: string | undefined): string =>
    time === undefined ? '<unknown>' : humanDuration(nowMs - Date.parse(time));
  const { series, count = 1 } = event;
  const first = ago(event.eventTime ?? event.firstTimestamp);
  if (series !== undefined) return `${ago(series.lastObservedTime)} (x${series.count} over ${first})`;
  return count > 1 ? `${ago(event.lastTimestamp)} (x${count} over ${first})` : first;
}

/** When it was seen last, for sorting; milliseconds since 1970. */
export function eventTimeMs({ series, lastTimestamp, eventTime }: Event): number {
  const time = series === undefined ? (lastTimestamp ?? eventTime) : series.lastObservedTime;
  return time === undefined ? 0 : Date.parse(time);
}
