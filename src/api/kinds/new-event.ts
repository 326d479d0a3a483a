/**
 * `events.k8s.io/v1` Event: the newer form of the same events. One store stands behind both: what is written in one form
 * is read in the other, with its fields under their other names.
 */
import type { KubeObject } from '../meta.ts';
import { defaulted, int32, message, microTime, object, string, time } from '../schema/field.ts';
import { invalidValue, requiredValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { always, metadata } from './common/object-fields.ts';
import { objectReference } from './common/references.ts';
import { type Event, eventKind, eventSeries, eventSource } from './event.ts';

/** `events.k8s.io/v1` Event. */
export const newEventFields = message('io.k8s.api.events.v1.Event', {
  metadata,
  eventTime: microTime(2, { doc: 'When it happened first.' }),
  series: object(3, eventSeries),
  reportingController: defaulted(string(4, { doc: 'Who reports it.' }), ''),
  reportingInstance: defaulted(string(5), ''),
  action: string(6, { doc: 'What was done or tried.' }),
  reason: string(7, { doc: 'A short word for machines: why it was done.' }),
  regarding: always(8, objectReference, 'The object it is about.'),
  related: object(9, objectReference, { atomic: true }),
  note: string(10, { doc: 'A sentence for people.' }),
  type: string(11, { doc: 'Normal or Warning.' }),
  deprecatedSource: always(12, eventSource),
  deprecatedFirstTimestamp: time(13),
  deprecatedLastTimestamp: time(14),
  deprecatedCount: int32(15),
});

export type NewEvent = ObjectOfKind<typeof newEventFields>;

const apiVersion = 'events.k8s.io/v1';
const kind = 'Event';

/** Names in the newer form by names in `v1`; everything else is called the same. */
const newNames: Readonly<Record<string, string>> = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
};
const oldNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(newNames).map(([older, newer]) => [newer, older]),
);

export const newEventKind: KindDescription<typeof newEventFields, NewEvent> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind,
  resource: 'events',
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  fields: newEventFields,
  storage: 'observation',
  storedAs: { kind: eventKind, toStored: toCore, fromStored: (stored) => fromCore(stored as Event) },
  hasGeneration: false,
  validate: validateEvent,
  validateUpdate,
  columns: eventKind.columns,
  row: (event, nowMs) => eventKind.row(toCore(event), nowMs),
  selectableFields: {
    reason: (event) => event.reason ?? '',
    type: (event) => event.type ?? '',
    reportingController: (event) => event.reportingController,
    'regarding.kind': (event) => event.regarding.kind ?? '',
    'regarding.namespace': (event) => event.regarding.namespace ?? '',
    'regarding.name': (event) => event.regarding.name ?? '',
    'regarding.uid': (event) => event.regarding.uid ?? '',
    'regarding.apiVersion': (event) => event.regarding.apiVersion ?? '',
    'regarding.resourceVersion': (event) => event.regarding.resourceVersion ?? '',
    'regarding.fieldPath': (event) => event.regarding.fieldPath ?? '',
  },
};

function toCore(event: NewEvent): Event {
  return { ...renamed(event, oldNames), apiVersion: 'v1', kind } as unknown as Event;
}

function fromCore(event: Event): NewEvent {
  return { ...renamed(event, newNames), apiVersion, kind } as unknown as NewEvent;
}

function renamed(object: KubeObject, names: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names[name] ?? name, value]));
}

/** Kubernetes' bounds on what the newer form may say. */
const maxWordLength = 128;
const maxNoteLength = 1024;

function validateEvent(event: NewEvent): FieldError[] {
  return [...eventKind.validate(toCore(event)), ...(isOlder(event) ? [] : validateNewer(event))];
}

/** Written in the older form, which asked for less. */
function isOlder({ eventTime, deprecatedFirstTimestamp, deprecatedCount }: NewEvent): boolean {
  return eventTime === undefined && (deprecatedFirstTimestamp !== undefined || (deprecatedCount ?? 0) > 0);
}

function validateNewer(event: NewEvent): FieldError[] {
  const { eventTime, series, type = '', note = '' } = event;
  const words = ['reportingController', 'reportingInstance', 'action', 'reason'] as const;
  return [
    ...(eventTime === undefined ? [requiredValue('eventTime')] : []),
    ...words.flatMap((field) => validateWord(field, event[field] ?? '')),
    ...(type === 'Normal' || type === 'Warning' ? [] : [invalidValue('type', '', `has invalid value: ${type}`)]),
    ...(note.length > maxNoteLength ? [invalidValue('message', '', 'can have at most 1024 characters')] : []),
    ...(series && (series.count ?? 0) < 2 ? [invalidValue('series.count', '', 'should be at least 2')] : []),
    ...(series && series.lastObservedTime === undefined ? [requiredValue('series.lastObservedTime')] : []),
  ];
}

function validateWord(field: string, value: string): FieldError[] {
  if (value === '') return [requiredValue(field)];
  return value.length > maxWordLength ? [invalidValue(field, '', 'can have at most 128 characters')] : [];
}

function validateUpdate(next: NewEvent, previous: NewEvent): FieldError[] {
  const fixed = ['regarding', 'reason', 'action', 'related', 'reportingController', 'reportingInstance'] as const;
  return fixed
    .filter((field) => JSON.stringify(next[field]) !== JSON.stringify(previous[field]))
    .map((field) => invalidValue(field, next[field], 'field is immutable'));
}
