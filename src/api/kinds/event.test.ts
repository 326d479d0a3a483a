import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { admitObject } from '../../testing/admit-object.ts';
import { type Event, eventKind } from './event.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');

function create(
  fields: object = {},
  namespace = 'default',
): { readonly object: Event; readonly errors: readonly string[] } {
  return admitObject(eventKind, {
    metadata: { name: 'web.17c', namespace },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'web', fieldPath: 'spec.containers{app}' },
    ...fields,
  });
}

function cells(fields: object): Record<string, unknown> {
  const row = eventKind.row(create(fields).object, nowMs);
  return Object.fromEntries(eventKind.columns.map(({ name }, index) => [name, row[index]]));
}

test('an event stands where its object does', () => {
  assert.deepEqual(create().errors, []);
  assert.deepEqual(create({}, 'other').errors, [
    'involvedObject.namespace: Invalid value: "default": does not match event.namespace',
  ]);
});

test('an event about an object without namespace stands in the default one', () => {
  const involvedObject = { kind: 'Node', name: 'device' };
  assert.deepEqual(create({ involvedObject }).errors, []);
  assert.equal(create({ involvedObject }, 'team-a').errors.length, 1);
});

describe('a row', () => {
  test('shows what happened to what, when, and how often', () => {
    assert.deepEqual(
      cells({
        type: 'Warning',
        reason: 'BackOff',
        message: ' Back-off restarting failed container\n',
        source: { component: 'kubelet', host: 'device' },
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:59:30Z',
        count: 7,
      }),
      {
        'Last Seen': '30s',
        Type: 'Warning',
        Reason: 'BackOff',
        Object: 'pod/web',
        Subobject: 'spec.containers{app}',
        Source: 'kubelet, device',
        Message: 'Back-off restarting failed container',
        'First Seen': '60m',
        Count: 7,
        Name: 'web.17c',
      },
    );
  });

  test('understands events of the newer API', () => {
    const once = cells({ eventTime: '2026-01-01T00:58:00.000000Z', reportingComponent: 'x', reportingInstance: 'y' });
    assert.deepEqual([once['Last Seen'], once['First Seen'], once['Count'], once['Source']], ['2m', '2m', 1, 'x, y']);
    const series = cells({
      eventTime: '2026-01-01T00:00:00.000000Z',
      series: { count: 5, lastObservedTime: '2026-01-01T00:59:59.000000Z' },
    });
    assert.deepEqual([series['Last Seen'], series['First Seen'], series['Count']], ['1s', '60m', 5]);
  });

  test('says so when the time is unknown', () => {
    assert.equal(cells({})['Last Seen'], '<unknown>');
  });
});

test('events are selected by the object they are about', () => {
  const { object } = create({ reason: 'Started', type: 'Normal', source: { component: 'kubelet' } });
  const selected = (field: string): string | undefined => eventKind.selectableFields[field]?.(object);
  assert.deepEqual(['involvedObject.kind', 'involvedObject.name', 'involvedObject.uid'].map(selected), [
    'Pod',
    'web',
    '',
  ]);
  assert.deepEqual(['reason', 'type', 'source', 'reportingComponent'].map(selected), [
    'Started',
    'Normal',
    'kubelet',
    '',
  ]);
});
