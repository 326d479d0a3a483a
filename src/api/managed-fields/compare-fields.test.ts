import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arbitraryObject } from '../../testing/arbitrary-object.ts';
import { podFields } from '../kinds/pod/fields/pod.ts';
import { int32, list, listMap, map, message, object, raw, scalars, set, string } from '../schema/field.ts';
import { compareFields } from './compare-fields.ts';
import { difference, intersection, isEmpty, sameFields, union } from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import { encodeFields } from './fields-v1.ts';

const port = message('test.Port', { port: int32(1), protocol: string(2), name: string(3) });
const reference = message('io.k8s.api.core.v1.ObjectReference', { name: string(1), kind: string(2) });
const sample = message('test.Sample', {
  text: string(1),
  labels: map(2, scalars.string),
  nodeSelector: map(3, scalars.string, { atomic: true }),
  finalizers: set(4, scalars.string),
  args: list(5, scalars.string),
  ports: listMap(6, port, ['port', 'protocol']),
  reference: object(7, reference),
  nested: object(8, port),
  anything: raw(9),
});

const compare = (before: unknown, after: unknown): unknown => {
  const { added, modified, removed } = compareFields(sample, before, after);
  return { added: encodeFields(added), modified: encodeFields(modified), removed: encodeFields(removed) };
};
const only = (change: object): unknown => ({ added: {}, modified: {}, removed: {}, ...change });

describe('compareFields', () => {
  for (const { what, before, after, change } of [
    {
      what: 'no change',
      before: { text: 'a', nested: { port: 1 } },
      after: { text: 'a', nested: { port: 1 } },
      change: {},
    },
    { what: 'a new value', before: {}, after: { text: 'a' }, change: { added: { 'f:text': {} } } },
    { what: 'another value', before: { text: 'a' }, after: { text: 'b' }, change: { modified: { 'f:text': {} } } },
    { what: 'a value that goes', before: { text: 'a' }, after: {}, change: { removed: { 'f:text': {} } } },
    {
      what: 'a new map, itself included',
      before: {},
      after: { labels: { a: '1' } },
      change: { added: { 'f:labels': { '.': {}, 'f:a': {} } } },
    },
    {
      what: 'a new key',
      before: { labels: { a: '1' } },
      after: { labels: { a: '1', b: '2' } },
      change: { added: { 'f:labels': { 'f:b': {} } } },
    },
    {
      what: 'a map that goes',
      before: { labels: { a: '1' } },
      after: {},
      change: { removed: { 'f:labels': { '.': {}, 'f:a': {} } } },
    },
    {
      what: 'a map that was null',
      before: { labels: null },
      after: { labels: { a: '1' } },
      change: { added: { 'f:labels': { 'f:a': {} } } },
    },
    {
      what: 'an atomic map as a whole',
      before: { nodeSelector: { a: '1' } },
      after: { nodeSelector: { b: '1' } },
      change: { modified: { 'f:nodeSelector': {} } },
    },
    {
      what: 'an atomic list as a whole',
      before: { args: ['a'] },
      after: { args: ['a', 'b'] },
      change: { modified: { 'f:args': {} } },
    },
    {
      what: 'an atomic struct as a whole',
      before: { reference: { name: 'a' } },
      after: { reference: { name: 'a', kind: 'b' } },
      change: { modified: { 'f:reference': {} } },
    },
    {
      what: 'a raw value as a whole',
      before: { anything: { a: 1 } },
      after: { anything: { a: 2 } },
      change: { modified: { 'f:anything': {} } },
    },
    {
      what: 'an object that becomes empty',
      before: { nested: { port: 1 } },
      after: { nested: {} },
      change: { removed: { 'f:nested': { 'f:port': {} } } },
    },
    { what: 'a new empty object', before: {}, after: { nested: {} }, change: { added: { 'f:nested': {} } } },
    {
      what: 'elements of a set',
      before: { finalizers: ['a', 'b'] },
      after: { finalizers: ['c', 'b'] },
      change: { added: { 'f:finalizers': { 'v:"c"': {} } }, removed: { 'f:finalizers': { 'v:"a"': {} } } },
    },
    {
      what: 'no change when a set is in another order',
      before: { finalizers: ['a', 'b'] },
      after: { finalizers: ['b', 'a'] },
      change: {},
    },
    {
      what: 'elements of a keyed list',
      before: { ports: [{ port: 80, protocol: 'TCP', name: 'a' }] },
      after: {
        ports: [
          { port: 80, protocol: 'UDP' },
          { port: 80, protocol: 'TCP', name: 'b' },
        ],
      },
      change: {
        added: { 'f:ports': { 'k:{"port":80,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} } } },
        modified: { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { 'f:name': {} } } },
      },
    },
    {
      what: 'elements with one key together',
      before: { ports: [{ port: 80 }, { port: 80, name: 'a' }] },
      after: { ports: [{ port: 80 }, { port: 80, name: 'b' }] },
      change: { modified: { 'f:ports': { 'k:{"port":80}': {} } } },
    },
  ]) {
    it(`finds ${what}`, () => assert.deepEqual(compare(before, after), only(change)));
  }

  it('looks past fields that the table does not know', () => {
    assert.deepEqual(compare({ foo: 1 }, { foo: 2, bar: 3 }), only({}));
  });

  const pods = arbitraryObject(podFields);

  it('finds nothing between a pod and itself', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const { added, modified, removed } = compareFields(podFields, pod, structuredClone(pod));
        assert.ok(isEmpty(union(added, union(modified, removed))));
      }),
      { numRuns: 100 },
    );
  });

  it('is turned round when the pods are exchanged, and its sets share no path', () => {
    fc.assert(
      fc.property(pods, pods, (one, two) => {
        const there = compareFields(podFields, one, two);
        const back = compareFields(podFields, two, one);
        assert.ok(sameFields(there.added, back.removed) && sameFields(there.modified, back.modified));
        assert.ok(isEmpty(intersection(there.added, union(there.modified, there.removed))));
        assert.ok(isEmpty(intersection(there.modified, there.removed)));
      }),
      { numRuns: 150 },
    );
  });

  it('adds, from nothing, every field that the pod sets', () => {
    fc.assert(
      fc.property(pods, (pod) => {
        const { added } = compareFields(podFields, {}, pod);
        assert.ok(isEmpty(difference(fieldsOf(podFields, pod), added)));
      }),
      { numRuns: 150 },
    );
  });
});
