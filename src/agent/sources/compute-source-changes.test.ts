import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { computeSourceChanges, type LiveObject, markObject } from './compute-source-changes.ts';
import { appliedAnnotation, type DesiredState, describeObject, hashObjects, sourceLabel } from './desired-state.ts';
import { readManifests } from './read-manifests.ts';

function state(text: string): DesiredState {
  const objects = readManifests([{ name: 'a.yaml', text }]);
  return { name: 'manifests', version: '1', hash: hashObjects(objects), objects };
}

const map = (name: string, value = '1'): string =>
  `---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: {a: "${value}"}}\n`;

/** What is there after the source applied `text`. */
function applied(text: string, metadata: object = {}): LiveObject[] {
  return state(text).objects.map(({ kind, object }, i) => {
    const marked = markObject('manifests', object);
    const live = { ...marked.metadata, uid: `u${i}`, resourceVersion: `${i + 5}`, ...metadata };
    return { kind, object: { ...marked, metadata: live } };
  });
}

function summary(desired: DesiredState, live: readonly LiveObject[]): string[] {
  const { changes, clashes } = computeSourceChanges(desired, live);
  assert.deepEqual(clashes, []);
  return changes.map(({ type, kind, object }) => `${type} ${describeObject(kind, object)}`);
}

const withMetadata = (live: readonly LiveObject[], metadata: object): LiveObject[] =>
  live.map(({ kind, object }) => ({ kind, object: { ...object, metadata: { ...object.metadata, ...metadata } } }));

describe('computeSourceChanges', () => {
  it('creates what is missing, marked with the source', () => {
    const { changes } = computeSourceChanges(state(map('a')), []);
    const [change] = changes;
    assert.equal(change?.type, 'create');
    assert.equal(change?.object.metadata.labels?.[sourceLabel], 'manifests');
    assert.ok(change?.object.metadata.annotations?.[appliedAnnotation]?.includes('"a":"1"'));
  });

  it('changes nothing when all is as it should be', () => {
    assert.deepEqual(summary(state(map('a') + map('b')), applied(map('a') + map('b'))), []);
  });

  it('updates what the manifest changed, on top of what is there', () => {
    const live = withMetadata(applied(map('a')), {
      annotations: { ...applied(map('a'))[0]?.object.metadata.annotations, theirs: 'x' },
    });
    const { changes } = computeSourceChanges(state(map('a', '2')), live);
    assert.equal(changes[0]?.type, 'update');
    const { object } = changes[0] as { object: KubeObject };
    assert.deepEqual([object['data'], object.metadata.resourceVersion], [{ a: '2' }, '5']);
    assert.equal(object.metadata.annotations?.['theirs'], 'x');
  });

  it('puts back what somebody edited', () => {
    const edited = applied(map('a')).map(({ kind, object }) => ({
      kind,
      object: { ...object, data: { a: 'edited' } },
    }));
    assert.deepEqual(summary(state(map('a')), edited), ['update configmaps "default/a"']);
  });

  it('puts back its record when somebody removed or spoiled it', () => {
    for (const annotations of [{}, { [appliedAnnotation]: '{' }, { [appliedAnnotation]: '7' }]) {
      assert.deepEqual(summary(state(map('a')), withMetadata(applied(map('a')), { annotations })), [
        'update configmaps "default/a"',
      ]);
    }
  });

  it('deletes what it made and does not want any more', () => {
    assert.deepEqual(summary(state(map('a')), applied(map('a') + map('b'))), ['delete configmaps "default/b"']);
    assert.deepEqual(summary(state(''), applied(map('a'))), ['delete configmaps "default/a"']);
  });

  it('does not delete twice', () => {
    const ending = withMetadata(applied(map('a')), { deletionTimestamp: '2026-01-01T00:00:00Z' });
    assert.deepEqual(summary(state(''), ending), []);
  });

  it('does not delete what somebody else made as a copy, label and all', () => {
    const copy = withMetadata(applied(map('a')), { name: 'mine' });
    assert.deepEqual(summary(state(map('a')), [...applied(map('a')), ...copy]), []);
  });

  it('waits for a wanted object that is being deleted', () => {
    const ending = withMetadata(applied(map('a')), { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const result = computeSourceChanges(state(map('a')), ending);
    assert.deepEqual([result.changes, result.ending], [[], ['configmaps "default/a"']]);
  });

  for (const { labels, whose } of [
    { labels: undefined, whose: 'the local API' },
    { labels: { [sourceLabel]: 'hub' }, whose: 'source "hub"' },
  ]) {
    it(`never takes an object of ${whose}`, () => {
      const theirs = applied(map('a')).map(({ kind, object }) => {
        const { labels: _, ...metadata } = object.metadata;
        return { kind, object: { ...object, metadata: labels === undefined ? metadata : { ...metadata, labels } } };
      });
      const { clashes } = computeSourceChanges(state(map('a')), theirs);
      assert.deepEqual(clashes, [`configmaps "default/a" belongs to ${whose}`]);
    });
  }

  it('removes first, then makes namespaces, what pods need, pods, and removes namespaces last', () => {
    const namespace = (name: string): string => `---\n{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}\n`;
    const pod = (name: string): string =>
      `---\n{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {containers: [{name: a, image: a}]}}\n`;
    assert.deepEqual(
      summary(state(pod('new') + map('new') + namespace('new')), applied(namespace('old') + map('old') + pod('old'))),
      [
        'delete pods "default/old"',
        'delete configmaps "default/old"',
        'create namespaces "new"',
        'create configmaps "default/new"',
        'create pods "default/new"',
        'delete namespaces "old"',
      ],
    );
  });
});
