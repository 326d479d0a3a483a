import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import {
  at,
  configMap,
  configMapKind,
  namespaceKind,
  openRegistry,
  pod,
  podKind,
  writeContext,
} from '../../testing/registry.ts';

describe('creating an object', () => {
  it('gives no owner to what the server puts in beyond the defaults', async () => {
    const { registry } = await openRegistry();
    const made = await registry.create(podKind, 'default', pod('a'), writeContext());
    assert.equal(at(made, 'spec', 'nodeName'), 'device');
    const fields = JSON.stringify(made.metadata.managedFields);
    assert.match(fields, /"f:restartPolicy"/);
    assert.doesNotMatch(fields, /nodeName|serviceAccount|priority/);
  });

  it('gives it uid, creation time, resourceVersion and owners of its fields', async () => {
    const { registry } = await openRegistry({ newUid: () => 'uid-1' });
    const made = await registry.create(configMapKind, 'default', configMap('a', { x: '1' }), writeContext());
    assert.equal(made.metadata.uid, 'uid-1');
    assert.equal(made.metadata.creationTimestamp, '2026-11-22T10:00:00Z');
    assert.match(made.metadata.resourceVersion ?? '', /^\d+$/);
    assert.equal(made.metadata.namespace, 'default');
    assert.deepEqual(
      made.metadata.managedFields?.map(({ manager, operation }) => [manager, operation]),
      [['tester', 'Update']],
    );
    assert.deepEqual(await registry.get(configMapKind, { namespace: 'default', name: 'a' }), made);
  });

  it('ignores what only the server may say', async () => {
    const { registry } = await openRegistry();
    const metadata = {
      uid: 'mine',
      creationTimestamp: '2000-01-01T00:00:00Z',
      deletionTimestamp: '2000-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 3,
      generation: 9,
    };
    const made = await registry.create(podKind, 'default', pod('a', {}, metadata), writeContext());
    assert.notEqual(made.metadata.uid, 'mine');
    assert.equal(made.metadata.creationTimestamp, '2026-11-22T10:00:00Z');
    assert.equal(made.metadata.deletionTimestamp, undefined);
    assert.equal(made.metadata.deletionGracePeriodSeconds, undefined);
    assert.equal(made.metadata.generation, 1);
  });

  it('binds a pod to the node, with phase Pending and the condition PodScheduled', async () => {
    const { registry } = await openRegistry();
    const made = await registry.create(
      podKind,
      'default',
      { ...pod('a'), status: { phase: 'Running' } },
      writeContext(),
    );
    assert.equal(at(made, 'spec', 'nodeName'), 'device');
    assert.equal(at(made, 'status', 'phase'), 'Pending');
    assert.equal(at(made, 'status', 'qosClass'), 'BestEffort');
    assert.deepEqual(at(made, 'status', 'conditions'), [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-11-22T10:00:00Z' },
    ]);
  });

  it('looks for room only for a pod that is valid', async () => {
    const placed: unknown[] = [];
    const { registry } = await openRegistry({ placePod: (candidate) => void placed.push(candidate) });
    await assert.rejects(registry.create(podKind, 'default', pod('a', { containers: [] }), writeContext()), (error) =>
      isStatusError(error, 'Invalid'),
    );
    assert.deepEqual(placed, []);
  });

  it('stores nothing under dryRun and answers what would have been', async () => {
    const { registry, store } = await openRegistry();
    const before = store.revision();
    const made = await registry.create(configMapKind, 'default', configMap('a'), writeContext({ dryRun: true }));
    assert.equal(made.metadata.name, 'a');
    assert.equal(store.revision(), before);
    await registry.create(configMapKind, 'default', configMap('a'), writeContext());
    await assert.rejects(
      registry.create(configMapKind, 'default', configMap('a'), writeContext({ dryRun: true })),
      (error) => isStatusError(error, 'AlreadyExists'),
    );
  });

  it('makes names from generateName and tries again when one is taken', async () => {
    const suffixes = ['aaaaa', 'aaaaa', 'bbbbb'];
    const { registry } = await openRegistry({ newNameSuffix: () => suffixes.shift() ?? 'zzzzz' });
    const body = { metadata: { generateName: 'job-' } };
    const first = await registry.create(configMapKind, 'default', body, writeContext());
    const second = await registry.create(configMapKind, 'default', body, writeContext());
    assert.deepEqual([first.metadata.name, second.metadata.name], ['job-aaaaa', 'job-bbbbb']);
  });

  it('gives up on generated names after eight that are taken', async () => {
    let asked = 0;
    const { registry } = await openRegistry({
      newNameSuffix: () => {
        asked += 1;
        return 'aaaaa';
      },
    });
    const body = { metadata: { generateName: 'job-' } };
    await registry.create(configMapKind, 'default', body, writeContext());
    asked = 0;
    await assert.rejects(registry.create(configMapKind, 'default', body, writeContext()), {
      message: 'configmaps "job-aaaaa" already exists',
    });
    assert.equal(asked, 8);
  });

  const terminating = async () => {
    const fixture = await openRegistry();
    await fixture.registry.create(namespaceKind, undefined, { metadata: { name: 'going' } }, writeContext());
    await fixture.registry.delete(namespaceKind, { name: 'going' });
    return fixture;
  };

  it('makes nothing in a namespace that is being deleted', async () => {
    const { registry } = await terminating();
    await assert.rejects(registry.create(configMapKind, 'going', configMap('a'), writeContext()), (error) => {
      assert.ok(isStatusError(error, 'Forbidden'));
      assert.equal(
        error.message,
        'configmaps "a" is forbidden: unable to create new content in namespace going because it is being terminated',
      );
      assert.equal(error.details?.causes?.[0]?.reason, 'NamespaceTerminating');
      return true;
    });
  });

  for (const { what, namespace = 'default', body, reason, message } of [
    {
      what: 'a name that exists',
      body: configMap('taken'),
      reason: 'AlreadyExists',
      message: 'configmaps "taken" already exists',
    },
    {
      what: 'a namespace that does not exist',
      namespace: 'nope',
      body: configMap('a'),
      reason: 'NotFound',
      message: 'namespaces "nope" not found',
    },
    {
      what: 'a namespace other than that of the URL',
      body: configMap('a', {}, { namespace: 'other' }),
      reason: 'BadRequest',
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    },
    {
      what: 'no name at all',
      body: { metadata: {} },
      reason: 'Invalid',
      message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    },
    {
      what: 'a resourceVersion',
      body: configMap('a', {}, { resourceVersion: '5' }),
      reason: 'BadRequest',
      message: 'resourceVersion should not be set on objects to be created',
    },
    {
      what: 'another kind',
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } },
      reason: 'BadRequest',
      message: 'the kind in the data (Secret) does not match the expected kind (ConfigMap)',
    },
    {
      what: 'another version',
      body: { apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'a' } },
      reason: 'BadRequest',
      message: 'the API version in the data (v2) does not match the expected API version (v1)',
    },
    {
      what: 'an unknown field under Strict',
      body: { ...configMap('a'), bogus: 1 },
      reason: 'BadRequest',
      message:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "bogus"',
    },
    {
      what: 'a list instead of an object',
      body: [],
      reason: 'BadRequest',
      message: 'the object provided is unrecognized (must be of type ConfigMap): not an object',
    },
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { registry } = await openRegistry();
      await registry.create(configMapKind, 'default', configMap('taken'), writeContext());
      await assert.rejects(registry.create(configMapKind, namespace, body, writeContext()), (error) => {
        assert.ok(isStatusError(error, reason), String(error));
        assert.equal(error.message, message);
        return true;
      });
    });
  }

  it('names every wrong field, those of the metadata first', async () => {
    const { registry } = await openRegistry();
    const spec = { containers: [{ name: 'Main', image: 'a' }] };
    await assert.rejects(registry.create(podKind, 'default', pod('Bad_Name', spec), writeContext()), (error) => {
      assert.ok(isStatusError(error, 'Invalid'));
      assert.deepEqual(
        error.details?.causes?.map(({ field }) => field),
        ['metadata.name', 'spec.containers[0].name'],
      );
      assert.equal(error.details?.kind, 'Pod');
      return true;
    });
  });

  it('warns of unknown and repeated fields under Warn, and says nothing under Ignore', async () => {
    const { registry } = await openRegistry();
    const warnings: string[] = [];
    const warn = (message: string): void => {
      warnings.push(message);
    };
    const body = (name: string) => ({ ...configMap(name), bogus: 1 });
    const duplicateFields = ['data.x'];
    await registry.create(
      configMapKind,
      'default',
      body('a'),
      writeContext({ fieldValidation: 'Warn', duplicateFields, warn }),
    );
    assert.deepEqual(warnings, ['duplicate field "data.x"', 'unknown field "bogus"']);
    await registry.create(configMapKind, 'default', body('b'), writeContext({ fieldValidation: 'Ignore', warn }));
    assert.equal(warnings.length, 2);
  });
});
