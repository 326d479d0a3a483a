import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMapKind } from '../../api/kinds/config-map.ts';
import { podKind } from '../../api/kinds/pod/pod.ts';
import { mergeDesired } from './merge-desired.ts';

type Json = Record<string, unknown>;

/** The containers of a pod after the merge, given those live, last wanted and wanted now. */
const containers = (live: unknown[], last: unknown[], desired: unknown[]): unknown => {
  const pod = (list: unknown[]): Json => ({ spec: { containers: list } });
  return (mergeDesired(podKind.fields, pod(live), pod(last), pod(desired))['spec'] as Json)['containers'];
};
const data = (live: Json, last: Json, desired: Json): unknown =>
  mergeDesired(configMapKind.fields, { data: live }, { data: last }, { data: desired })['data'];

describe('mergeDesired', () => {
  it('sets what is wanted and keeps what others added', () => {
    assert.deepEqual(data({ a: 'edited', theirs: 'x' }, { a: '1' }, { a: '2' }), { a: '2', theirs: 'x' });
  });

  it('removes what was wanted last time and is not now', () => {
    assert.deepEqual(data({ a: '1', b: '2', theirs: 'x' }, { a: '1', b: '2' }, { a: '1' }), { a: '1', theirs: 'x' });
    assert.deepEqual(mergeDesired(configMapKind.fields, { data: { a: '1' } }, { data: { a: '1' } }, {}), {});
  });

  it('brings back what somebody removed', () => {
    assert.deepEqual(data({}, { a: '1' }, { a: '1' }), { a: '1' });
  });

  it('merges lists by their keys, in the wanted order', () => {
    const live = [
      { name: 'theirs', image: 't' },
      { name: 'a', image: 'edited', tty: true },
      { name: 'gone', image: 'g' },
    ];
    const last = [
      { name: 'a', image: '1' },
      { name: 'gone', image: 'g' },
    ];
    assert.deepEqual(
      containers(live, last, [
        { name: 'b', image: 'b' },
        { name: 'a', image: '2' },
      ]),
      [
        { name: 'b', image: 'b' },
        { name: 'a', image: '2', tty: true },
        { name: 'theirs', image: 't' },
      ],
    );
  });

  it('replaces lists that have no keys', () => {
    const one = (args: string[]): unknown[] => [{ name: 'a', args }];
    assert.deepEqual(containers(one(['x', 'y', 'z']), one(['x']), one(['x', 'q'])), one(['x', 'q']));
  });

  it('changes one kind of volume for another', () => {
    const pod = (volume: Json): Json => ({ spec: { volumes: [{ name: 'v', ...volume }] } });
    assert.deepEqual(
      mergeDesired(podKind.fields, pod({ emptyDir: {} }), pod({ emptyDir: {} }), pod({ hostPath: { path: '/x' } })),
      pod({ hostPath: { path: '/x' } }),
    );
  });

  it('merges sets of finalizers', () => {
    const object = (finalizers: string[]): Json => ({ metadata: { finalizers } });
    assert.deepEqual(
      mergeDesired(configMapKind.fields, object(['a', 'old', 'theirs']), object(['a', 'old']), object(['a', 'new'])),
      object(['a', 'new', 'theirs']),
    );
  });

  it('treats every key as data', () => {
    const desired: Json = JSON.parse('{"__proto__":"x","constructor":"y"}');
    const merged = data({}, {}, desired);
    assert.equal(JSON.stringify(merged), '{"__proto__":"x","constructor":"y"}');
  });

  it('changes nothing it was given', () => {
    const live = Object.freeze({ data: Object.freeze({ a: '1' }) });
    mergeDesired(configMapKind.fields, live, live, { data: { a: '2' } });
    assert.deepEqual(live, { data: { a: '1' } });
  });
});
