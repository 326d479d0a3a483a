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
    return [...items].sort((a, b) => lastSeenMs(a) - lastSeenMs(b));
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
    ageOf(event, nowMs),
    event.source.component || event.reportingComponent || '',
    (event.message ?? '').trim(),
  ]);
  lines.section(0, 'Events', () => lines.table(1, ['Type', 'Reason', 'Age', 'From', 'Message'], rows, 4));
}

/** `5s`, or `5s (x3 over 2m)` for what happened several times. */
function ageOf(event: Event, nowMs: number): string {
  const last = humanDuration(nowMs - lastSeenMs(event));
  const count = event.series?.count ?? event.count ?? 1;
  if (count <= 1) return last;
  const first = event.firstTimestamp ?? event.eventTime;
  return first === undefined ? last : `${last} (x${count} over ${humanDuration(nowMs - Date.parse(first))})`;
}

function lastSeenMs(event: Event): number {
  const time =
    event.series?.lastObservedTime ??
    event.lastTimestamp ??
    event.eventTime ??
    event.firstTimestamp ??
    event.metadata.creationTimestamp;
  return time === undefined ? 0 : Date.parse(time);
}
