import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admitObject, admitUpdate } from '../../testing/admit-object.ts';
import { findKind } from '../scheme.ts';
import { newEventKind } from './new-event.ts';

const metadata = { name: 'e', namespace: 'default' };
const whole = {
  metadata,
  eventTime: '2026-11-22T10:00:00.000000Z',
  reportingController: 'example.com/robot',
  reportingInstance: 'robot-1',
  action: 'Weld',
  reason: 'Welding',
  type: 'Normal',
  note: 'it welds',
  regarding: { kind: 'Pod', namespace: 'default', name: 'web' },
};

describe('an event of the newer form', () => {
  it('is stored in the older one, and read back as it was', () => {
    const { object, errors } = admitObject(newEventKind, whole);
    assert.deepEqual(errors, []);
    const stored = newEventKind.storedAs?.toStored(object);
    assert.ok(stored);
    assert.equal(stored.apiVersion, 'v1');
    assert.deepEqual(stored['involvedObject'], whole.regarding);
    assert.equal(stored['message'], 'it welds');
    assert.equal(stored['reportingComponent'], 'example.com/robot');
    assert.deepEqual(newEventKind.storedAs?.fromStored(stored), {
      ...object,
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
    });
    const core = findKind('', 'v1', 'events');
    assert.deepEqual(newEventKind.row(object, 0), core?.row(stored, 0));
  });

  it('says who did what, when and why', () => {
    const { errors } = admitObject(newEventKind, { metadata, regarding: whole.regarding });
    assert.deepEqual(errors, [
      'eventTime: Required value',
      'reportingController: Required value',
      'reportingInstance: Required value',
      'action: Required value',
      'reason: Required value',
      'type: Invalid value: "": has invalid value: ',
    ]);
    const { errors: long } = admitObject(newEventKind, { ...whole, action: 'x'.repeat(129), note: 'x'.repeat(1025) });
    assert.equal(long.length, 2);
    const { errors: series } = admitObject(newEventKind, { ...whole, series: { count: 1 } });
    assert.deepEqual(series, [
      'series.count: Invalid value: "": should be at least 2',
      'series.lastObservedTime: Required value',
    ]);
  });

  it('asks for no more than the older form did of those that were written in it', () => {
    const older = {
      metadata,
      regarding: whole.regarding,
      deprecatedCount: 3,
      deprecatedSource: { component: 'kubelet' },
    };
    assert.deepEqual(admitObject(newEventKind, older).errors, []);
  });

  it('keeps what it is about; note and series may change', () => {
    const { object } = admitObject(newEventKind, whole);
    const lastObservedTime = '2026-11-22T11:00:00.000000Z';
    const change = { ...whole, note: 'it welded', series: { count: 2, lastObservedTime } };
    assert.deepEqual(admitUpdate(newEventKind, change, object).errors, []);
    assert.deepEqual(admitUpdate(newEventKind, { ...whole, reason: 'Other' }, object).errors, [
      'reason: Invalid value: "Other": field is immutable',
    ]);
  });
});
