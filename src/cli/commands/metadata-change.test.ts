import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { UsageError } from '../usage-error.ts';
import {
  computeChanged,
  computeMetadataPatch,
  computeOverwrite,
  parseMetadataChange,
  resultOf,
  splitArgs,
} from './metadata-change.ts';

const web: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web', tier: 'front' }, annotations: { note: 'a=b' } },
};

describe('the arguments of label and annotate', () => {
  it('are resources, then changes', () => {
    assert.deepEqual(splitArgs(['pod', 'web', 'a=1', 'b-'], 'labels'), {
      resources: ['pod', 'web'],
      pairs: ['a=1', 'b-'],
    });
    assert.deepEqual(splitArgs(['pod', '=x', '-'], 'labels'), { resources: ['pod', '=x', '-'], pairs: [] });
  });

  it('keep everything after the first equals sign', () => {
    const { set, remove } = parseMetadataChange(['note=x=y-', 'old-', 'none='], 'annotations');
    assert.deepEqual(
      [[...set], remove],
      [
        [
          ['note', 'x=y-'],
          ['none', ''],
        ],
        ['old'],
      ],
    );
  });

  for (const [what, work] of [
    ['all resources must be specified before label changes: db', () => splitArgs(['pod', 'a=1', 'db'], 'labels')],
    ['at least one annotation update is required', () => parseMetadataChange([], 'annotations')],
    ['can not both modify and remove a label in the same command', () => parseMetadataChange(['a=1', 'a-'], 'labels')],
    [
      'can not both modify and remove an annotation in the same',
      () => parseMetadataChange(['a=1', 'a-'], 'annotations'),
    ],
    ['invalid label value: "a=b c": a valid label must be', () => parseMetadataChange(['a=b c'], 'labels')],
  ] as const) {
    it(`are refused: ${what}`, () =>
      assert.throws(work, (error) => error instanceof UsageError && error.message.startsWith(what)));
  }
});

describe('a change of metadata', () => {
  for (const { pairs, result, labels } of [
    { pairs: ['a=1'], result: 'labeled', labels: { app: 'web', tier: 'front', a: '1' } },
    { pairs: ['app=web'], result: 'not labeled', labels: { app: 'web', tier: 'front' } },
    { pairs: ['nope-'], result: 'not labeled', labels: { app: 'web', tier: 'front' } },
    { pairs: ['tier-'], result: 'unlabeled', labels: { app: 'web' } },
    { pairs: ['tier-', 'app=db'], result: 'labeled', labels: { app: 'db' } },
  ]) {
    it(`${pairs.join(' ')} is ${result}`, () => {
      const change = parseMetadataChange(pairs, 'labels');
      assert.equal(resultOf(web, change), result);
      assert.deepEqual(computeChanged(web, change).metadata.labels, labels);
    });
  }

  it('is a merge patch, in which null removes', () => {
    const change = parseMetadataChange(['note=x', 'old-'], 'annotations');
    assert.deepEqual(computeMetadataPatch(change, undefined), { metadata: { annotations: { note: 'x', old: null } } });
    assert.deepEqual(computeMetadataPatch(change, '7').metadata, {
      annotations: { note: 'x', old: null },
      resourceVersion: '7',
    });
  });

  it('says which value is in the way, and that none is', () => {
    const taken = (pair: string, field: 'labels' | 'annotations') =>
      computeOverwrite(web, parseMetadataChange([pair], field));
    assert.equal(taken('app=db', 'labels'), "'app' already has a value (web), and --overwrite is false");
    assert.equal(
      taken('note=c', 'annotations'),
      "--overwrite is false but found the following declared annotation(s): 'note' already has a value (a=b)",
    );
    assert.equal(taken('app=web', 'labels'), undefined);
    assert.equal(taken('toString=x', 'labels'), undefined);
  });
});
