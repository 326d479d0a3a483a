import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { int32, list, listMap, map, message, object, scalars, set, string } from '../schema/field.ts';
import { isEmpty } from './field-set.ts';
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
});

describe('fieldsOf', () => {
  it('gives leaves, and what exists by itself', () => {
    const value = {
      text: 'a',
      labels: { a: '1' },
      nodeSelector: { b: '1' },
      finalizers: ['x'],
      args: ['y'],
      ports: [{ port: 80, protocol: 'TCP' }],
      reference: { name: 'r' },
      nested: {},
      unknown: 1,
    };
    assert.deepEqual(encodeFields(fieldsOf(sample, value)), {
      'f:args': {},
      'f:finalizers': { 'v:"x"': {} },
      'f:labels': { 'f:a': {} },
      'f:nested': {},
      'f:nodeSelector': {},
      'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} } },
      'f:reference': {},
      'f:text': {},
    });
  });

  it('gives duplicates of a list once', () => {
    assert.deepEqual(encodeFields(fieldsOf(sample, { ports: [{ port: 1 }, { port: 1 }] })), {
      'f:ports': { 'k:{"port":1}': {} },
    });
  });

  it('gives nothing for an empty object', () => assert.ok(isEmpty(fieldsOf(sample, {}))));
});
