import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arbitraryObject } from '../../testing/arbitrary-object.ts';
import { podFields } from '../kinds/pod/fields/pod.ts';
import type { KubeObject, ManagedFieldsEntry } from '../meta.ts';
import { updateManagedFields } from './update-managed-fields.ts';

const minute = (count: number): string => `2026-01-01T00:${String(count).padStart(2, '0')}:00Z`;

type Parts = { readonly metadata?: object; readonly spec?: object; readonly status?: object };

function pod(parts: Parts, managedFields?: readonly ManagedFieldsEntry[]): KubeObject {
  const metadata = {
    name: 'web',
    namespace: 'default',
    ...parts.metadata,
    ...(managedFields ? { managedFields } : {}),
  };
  return { apiVersion: 'v1', kind: 'Pod', ...parts, metadata };
}

interface Write {
  readonly previous?: KubeObject;
  readonly next: KubeObject;
  readonly manager?: string;
  readonly at?: number;
  readonly subresource?: string;
}

function write({ previous, next, manager = 'kubectl', at = 0, subresource }: Write): ManagedFieldsEntry[] {
  return updateManagedFields({
    type: podFields,
    previous,
    next,
    manager,
    operation: 'Update',
    subresource,
    time: minute(at),
  });
}

const container = { name: 'a', image: '1' };
const created = (): KubeObject => {
  const next = pod({ metadata: { labels: { app: 'web' } }, spec: { containers: [container] } });
  return { ...next, metadata: { ...next.metadata, managedFields: write({ next, manager: 'creator' }) } };
};
const ownersOf = (entries: readonly ManagedFieldsEntry[]): Record<string, unknown> =>
  Object.fromEntries(entries.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));

describe('updateManagedFields', () => {
  it('gives the creator everything that was set, as Kubernetes writes it', () => {
    const next = pod({
      metadata: { labels: { app: 'web' }, uid: 'u', resourceVersion: '1', creationTimestamp: minute(0), generation: 1 },
      spec: { containers: [{ ...container, env: [{ name: 'X', value: '1' }] }], securityContext: {} },
      status: { phase: 'Pending' },
    });
    assert.deepEqual(write({ next }), [
      {
        manager: 'kubectl',
        operation: 'Update',
        apiVersion: 'v1',
        time: minute(0),
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"a"}': {
                '.': {},
                'f:env': { '.': {}, 'k:{"name":"X"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                'f:image': {},
                'f:name': {},
              },
            },
            'f:securityContext': {},
          },
        },
      },
    ]);
  });

  it('moves a changed field to whoever changed it', () => {
    const previous = created();
    const next = { ...previous, spec: { containers: [{ name: 'a', image: '2' }] } };
    const entries = write({ previous, next, manager: 'changer', at: 1 });
    assert.deepEqual(ownersOf(entries), {
      creator: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } },
      },
      changer: { 'f:spec': { 'f:containers': { 'k:{"name":"a"}': { 'f:image': {} } } } },
    });
    assert.deepEqual(
      entries.map(({ time }) => time),
      [minute(0), minute(1)],
    );
  });

  it('takes a removed field from its owner and gives it to no one', () => {
    const previous = created();
    const entries = write({ previous, next: pod({ spec: { containers: [container] } }), manager: 'changer', at: 1 });
    assert.deepEqual(ownersOf(entries), {
      creator: { 'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {} } } } },
    });
    assert.equal(entries[0]?.time, minute(0));
  });

  it('drops a manager that owns nothing any more', () => {
    const previous = created();
    const next = pod({ metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'b', image: '2' }] } });
    const both = {
      ...previous,
      metadata: { ...next.metadata, managedFields: previous.metadata.managedFields },
      spec: next['spec'],
    };
    const first = write({ previous, next: both as KubeObject, manager: 'changer', at: 1 });
    assert.deepEqual(
      first.map(({ manager }) => manager),
      ['creator', 'changer'],
    );
    const gone = pod({ spec: {} }, first);
    assert.deepEqual(write({ previous: pod({ ...next } as Parts, first), next: gone, at: 2 }), []);
  });

  it('changes nothing when nothing changed', () => {
    const previous = created();
    const next = { ...previous, metadata: { ...previous.metadata, resourceVersion: '9', generation: 4 } };
    assert.deepEqual(write({ previous, next, at: 5 }), previous.metadata.managedFields);
  });

  it('adds to the entry of the same manager and renews its time', () => {
    const previous = created();
    const next = { ...previous, spec: { containers: [container], nodeName: 'device' } };
    const entries = write({ previous, next, manager: 'creator', at: 3 });
    assert.deepEqual(
      entries.map(({ manager, time }) => [manager, time]),
      [['creator', minute(3)]],
    );
  });

  it('keeps writes of a subresource apart, and gives them nothing but what they write', () => {
    const previous = created();
    const next = { ...previous, spec: { containers: [], nodeName: 'x' }, status: { phase: 'Running' } };
    const entries = write({ previous, next, manager: 'creator', at: 1, subresource: 'status' });
    assert.deepEqual(entries[1], {
      manager: 'creator',
      operation: 'Update',
      apiVersion: 'v1',
      time: minute(1),
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:status': { 'f:phase': {} } },
      subresource: 'status',
    });
    assert.deepEqual(entries[0], previous.metadata.managedFields?.[0]);
  });

  it('takes fields from appliers too, whose entries stay first', () => {
    const applied: ManagedFieldsEntry = {
      manager: 'gitops',
      operation: 'Apply',
      apiVersion: 'v1',
      time: minute(9),
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': { 'f:labels': { 'f:app': {}, 'f:tier': {} } } },
    };
    const previous = pod({ metadata: { labels: { app: 'a', tier: 'x' } } }, [applied]);
    const next = pod({ metadata: { labels: { app: 'b', tier: 'x' } } }, [applied]);
    assert.deepEqual(
      write({ previous, next, at: 1 }).map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1]),
      [
        ['gitops', 'Apply', { 'f:metadata': { 'f:labels': { 'f:tier': {} } } }],
        ['kubectl', 'Update', { 'f:metadata': { 'f:labels': { 'f:app': {} } } }],
      ],
    );
  });

  describe('with entries in the request', () => {
    const kept = created().metadata.managedFields ?? [];
    const request = (managedFields?: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] => {
      const previous = created();
      const { managedFields: _, ...metadata } = previous.metadata;
      return write({
        previous,
        next: { ...previous, metadata: { ...metadata, ...(managedFields ? { managedFields } : {}) } },
      });
    };

    it('keeps the stored ones when the client knows of none', () => {
      assert.deepEqual(request(), kept);
      assert.deepEqual(request([]), kept);
    });

    it('keeps the stored ones when those sent are malformed', () => {
      assert.deepEqual(request([{ manager: 'x', operation: 'Steal', fieldsType: 'FieldsV1', fieldsV1: {} }]), kept);
      assert.deepEqual(
        request([{ manager: 'x', operation: 'Update', fieldsType: 'FieldsV1', fieldsV1: { spec: {} } }]),
        kept,
      );
      assert.deepEqual(request([{ manager: 'x', operation: 'Update', fieldsType: 'FieldsV2', fieldsV1: {} }]), kept);
    });

    it('takes those sent', () => {
      const renamed = kept.map((entry) => ({ ...entry, manager: 'other' }));
      assert.deepEqual(request(renamed), renamed);
    });

    it('forgets all owners for [{}]', () => assert.deepEqual(request([{}]), []));

    it('does not take them from a status write', () => {
      const previous = created();
      const next = { ...previous, metadata: { ...previous.metadata, managedFields: [{}] } };
      assert.deepEqual(write({ previous, next, subresource: 'status' }), kept);
    });
  });

  it('keeps ten updaters and merges the oldest into ancient-changes', () => {
    let current = pod({});
    for (let index = 0; index < 14; index++) {
      const labels = { ...current.metadata.labels, [`l${index}`]: 'x' };
      const next = { ...current, metadata: { ...current.metadata, labels } };
      const managedFields = write({ previous: current, next, manager: `m${index}`, at: index });
      current = { ...next, metadata: { ...next.metadata, managedFields } };
    }
    const entries = current.metadata.managedFields ?? [];
    assert.deepEqual(
      entries.map(({ manager }) => manager),
      ['ancient-changes', ...Array.from({ length: 9 }, (_, index) => `m${index + 5}`)],
    );
    assert.equal(entries[0]?.time, minute(4));
    const labels = { '.': {}, 'f:l0': {}, 'f:l1': {}, 'f:l2': {}, 'f:l3': {}, 'f:l4': {} };
    assert.deepEqual(entries[0]?.fieldsV1, { 'f:metadata': { 'f:labels': labels } });
  });

  it('never has two updaters of one field, whatever is written', () => {
    const writes = fc.array(fc.tuple(arbitraryObject(podFields), fc.constantFrom('a', 'b', 'c')), { maxLength: 5 });
    fc.assert(
      fc.property(writes, (all) => {
        let current: KubeObject | undefined;
        for (const [at, [value, manager]] of all.entries()) {
          const { metadata, ...rest } = value;
          const { managedFields: _, ...others } = (metadata ?? {}) as Record<string, unknown>;
          const next = { apiVersion: 'v1', kind: 'Pod', metadata: others, ...rest } as KubeObject;
          const managedFields = write({ ...(current ? { previous: current } : {}), next, manager, at });
          current = { ...next, metadata: { ...next.metadata, managedFields } };
          const paths = managedFields.flatMap(({ fieldsV1 }) => leafPaths(fieldsV1 ?? {}));
          assert.equal(new Set(paths).size, paths.length);
        }
      }),
      { numRuns: 100 },
    );
  });
});

function leafPaths(fields: Readonly<Record<string, unknown>>, prefix = ''): string[] {
  const names = Object.keys(fields);
  if (names.length === 0) return [prefix];
  return names.flatMap((name) =>
    name === '.' ? [prefix] : leafPaths(fields[name] as Readonly<Record<string, unknown>>, `${prefix}/${name}`),
  );
}
