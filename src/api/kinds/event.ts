/** `v1.Event`: something that happened to an object. Observation only: it dies with the boot (design D5). */
import { defaulted, int32, message, microTime, object, required, string, time } from '../schema/field.ts';
import { invalidValue } from '../schema/field-error.ts';
import { allVerbs, type FieldError, type KindDescription, type ObjectOfKind } from '../schema/kind.ts';
import { column, nameColumn, since, wideColumn } from './common/columns.ts';
import { validateMetadata } from './common/metadata-validation.ts';
import { always, metadata } from './common/object-fields.ts';
import { objectReference } from './common/references.ts';

export const eventSource = message('io.k8s.api.core.v1.EventSource', {
  component: string(1),
  host: string(2),
});

export const eventSeries = message('io.k8s.api.core.v1.EventSeries', {
  count: int32(1),
  lastObservedTime: microTime(2),
});

/** `v1.Event`. */
export const eventFields = message('io.k8s.api.core.v1.Event', {
  metadata,
  involvedObject: required(object(2, objectReference, { atomic: true, doc: 'The object it is about.' })),
  reason: string(3, { doc: 'A short word for machines: why the object changed.' }),
  message: string(4, { doc: 'A sentence for people.' }),
  source: always(5, eventSource, 'Who reports it.'),
  firstTimestamp: time(6),
  lastTimestamp: time(7),
  count: int32(8, { doc: 'How often it happened.' }),
  type: string(9, { doc: 'Normal or Warning.' }),
  eventTime: microTime(10),
  series: object(11, eventSeries),
  action: string(12),
  related: object(13, objectReference, { atomic: true }),
  reportingComponent: defaulted(string(14), ''),
  reportingInstance: defaulted(string(15), ''),
});

export type Event = ObjectOfKind<typeof eventFields>;

export const eventKind: KindDescription<typeof eventFields, Event> = {
  group: '',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  namespaced: true,
  verbs: allVerbs,
  subresources: [],
  fields: eventFields,
  storage: 'observation',
  hasGeneration: false,
  validate: validateEvent,
  validateUpdate: () => [],
  columns: [
    column('Last Seen', 'string', 'Time since it happened last.'),
    column('Type', 'string', 'Normal or Warning.'),
    column('Reason', 'string', 'Why the object changed, in one word.'),
    column('Object', 'string', 'The object it is about.'),
    wideColumn('Subobject', 'string', 'The part of the object it is about.'),
    wideColumn('Source', 'string', 'Who reported it.'),
    column('Message', 'string', 'What happened.'),
    wideColumn('First Seen', 'string', 'Time since it happened first.'),
    wideColumn('Count', 'string', 'How often it happened.'),
    { ...nameColumn, priority: 1 },
  ],
  row: (event, nowMs) => {
    const first = since(event.firstTimestamp ?? event.eventTime, nowMs);
    const last = event.lastTimestamp === undefined ? first : since(event.lastTimestamp, nowMs);
    const { series, involvedObject } = event;
    return [
      series === undefined ? last : since(series.lastObservedTime, nowMs),
      event.type ?? '',
      event.reason ?? '',
      [involvedObject.kind?.toLowerCase() ?? '', ...(involvedObject.name ? [involvedObject.name] : [])].join('/'),
      involvedObject.fieldPath ?? '',
      reporterOf(event),
      event.message?.trim() ?? '',
      first,
      // Events of the newer API that happened once carry no count.
      (series === undefined ? event.count : series.count) || 1,
      event.metadata.name ?? '',
    ];
  },
  selectableFields: {
    'involvedObject.kind': (event) => event.involvedObject.kind ?? '',
    'involvedObject.namespace': (event) => event.involvedObject.namespace ?? '',
    'involvedObject.name': (event) => event.involvedObject.name ?? '',
    'involvedObject.uid': (event) => event.involvedObject.uid ?? '',
    'involvedObject.apiVersion': (event) => event.involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': (event) => event.involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': (event) => event.involvedObject.fieldPath ?? '',
    reason: (event) => event.reason ?? '',
    reportingComponent: (event) => event.reportingComponent,
    // The server answers this selector from both generations of the field.
    source: (event) => event.source.component || event.reportingComponent,
    type: (event) => event.type ?? '',
  },
};

function reporterOf(event: Event): string {
  const component = event.source.component || event.reportingComponent;
  const host = event.source.host || event.reportingInstance;
  return host ? `${component}, ${host}` : component;
}

/** Namespaces for events about objects that have none. */
const clusterNamespaces = ['default', 'kube-system'];

function validateEvent(event: Event): FieldError[] {
  return [...validateMetadata(event.metadata, { namespaced: true }), ...validatePlace(event)];
}

function validatePlace(event: Event): FieldError[] {
  const { namespace = '' } = event.metadata;
  const about = event.involvedObject?.namespace ?? '';
  const fits = about === '' ? clusterNamespaces.includes(namespace) : about === namespace;
  return fits ? [] : [invalidValue('involvedObject.namespace', about, 'does not match event.namespace')];
}
