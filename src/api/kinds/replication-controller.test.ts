import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitObject } from '../../testing/admit-object.ts';
import { replicationControllerKind } from './replication-controller.ts';

test('replication controllers can be read and not written', () => {
  assert.deepEqual(replicationControllerKind.verbs, ['get', 'list', 'watch']);
  assert.equal(replicationControllerKind.storage, 'none');
});

test('a row counts pods and names containers', () => {
  const { object } = admitObject(replicationControllerKind, {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { b: '2', a: '1' },
      template: {
        spec: {
          containers: [
            { name: 'x', image: 'i:1' },
            { name: 'y', image: 'i:2' },
          ],
        },
      },
    },
  });
  assert.deepEqual(replicationControllerKind.row(object, 0), [
    'web',
    1,
    0,
    0,
    '<unknown>',
    'x,y',
    'i:1,i:2',
    'a=1,b=2',
  ]);
});
