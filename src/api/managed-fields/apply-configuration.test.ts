import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError, type StatusError } from '../../lib/status-error.ts';
import { podFields } from '../kinds/pod/fields/pod.ts';
import type { KubeObject, ManagedFieldsEntry } from '../meta.ts';
import { decodeJson } from '../schema/decode-json.ts';
import { applyDefaults } from '../schema/defaults.ts';
import { applyConfiguration } from './apply-configuration.ts';

const minute = (count: number): string => `2026-01-01T00:${String(count).padStart(2, '0')}:00Z`;

type Parts = { readonly metadata?: object; readonly spec?: object; readonly status?: object };

function pod(parts: Parts): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    ...parts,
    metadata: { name: 'web', namespace: 'default', ...parts.metadata },
  };
}

const normalize = (object: KubeObject): KubeObject =>
  decodeJson(podFields, object, 'Pod').value as unknown as KubeObject;

interface Call {
  readonly live?: KubeObject;
  readonly manager?: string;
  readonly force?: boolean;
  readonly subresource?: string;
  readonly at?: number;
}

function apply(parts: Parts, { live, manager = 'a', force = false, subresource, at = 0 }: Call = {}): KubeObject {
  const applied = decodeJson(podFields, pod(parts), 'Pod', { keepsUnset: true }).value as unknown as KubeObject;
  return applyConfiguration({
    type: podFields,
    live,
    applied,
    manager,
    force,
    subresource,
    time: minute(at),
    normalize,
    complete: (object) => applyDefaults(podFields, object),
  });
}

/** The object as somebody else's update leaves it. */
function updated(live: KubeObject, parts: Parts, manager: string, fieldsV1: object): KubeObject {
  const entry: ManagedFieldsEntry = {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: fieldsV1 as never,
  };
  const managedFields = [...(live.metadata.managedFields ?? []), entry];
  return { ...live, ...parts, metadata: { ...live.metadata, ...parts.metadata, managedFields } };
}

const ownersOf = ({ metadata }: KubeObject): Record<string, unknown> =>
  Object.fromEntries(
    (metadata.managedFields ?? []).map((entry) => [`${entry.manager} ${entry.operation}`, entry.fieldsV1]),
  );
const specOf = (object: KubeObject): Record<string, unknown> => object['spec'] as Record<string, unknown>;

function conflictOf(action: () => unknown): StatusError {
  try {
    action();
  } catch (error) {
    if (isStatusError(error, 'Conflict')) return error;
    throw error;
  }
  throw new Error('there was no conflict');
}

const container = { name: 'main', image: 'x:1' };

describe('applyConfiguration', () => {
  it('creates what is applied, and its manager owns exactly that', () => {
    const created = apply({
      metadata: { labels: { app: 'web' } },
      spec: { containers: [container], securityContext: {} },
    });
    const { managedFields, ...metadata } = created.metadata;
    assert.deepEqual(metadata, { name: 'web', namespace: 'default', labels: { app: 'web' } });
    assert.deepEqual(managedFields, [
      {
        manager: 'a',
        operation: 'Apply',
        apiVersion: 'v1',
        time: minute(0),
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': {
            'f:containers': { 'k:{"name":"main"}': { '.': {}, 'f:image': {}, 'f:name': {} } },
            'f:securityContext': {},
          },
        },
      },
    ]);
  });

  it('changes what it owns and leaves what it does not name', () => {
    const live = apply({ spec: { containers: [container] } });
    const defaulted = {
      ...live,
      spec: { containers: [{ ...container, imagePullPolicy: 'Always' }], restartPolicy: 'Always' },
    };
    const next = apply({ spec: { containers: [{ ...container, image: 'x:2' }] } }, { live: defaulted, at: 1 });
    assert.deepEqual(next['spec'], {
      containers: [{ name: 'main', image: 'x:2', imagePullPolicy: 'Always' }],
      restartPolicy: 'Always',
    });
    assert.equal(next.metadata.managedFields?.[0]?.time, minute(1));
  });

  describe('conflicts', () => {
    const live = apply({ metadata: { labels: { app: 'web', tier: 'x' } }, spec: { containers: [container] } });

    it('refuses to change one field of another applier', () => {
      const error = conflictOf(() => apply({ metadata: { labels: { app: 'db' } } }, { live, manager: 'b' }));
      assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "a": .metadata.labels.app');
      assert.deepEqual(error.details, {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.metadata.labels.app' }],
      });
    });

    it('lists several fields of several owners, updaters with their version', () => {
      const other = updated(live, { spec: { ...specOf(live), hostname: 'h' } }, 'kubectl-edit', {
        'f:spec': { 'f:hostname': {} },
      });
      const action = (): unknown =>
        apply(
          {
            metadata: { labels: { app: 'db' } },
            spec: { containers: [{ name: 'main', image: 'y', ports: [{ containerPort: 80 }] }], hostname: 'i' },
          },
          { live: other, manager: 'b' },
        );
      assert.equal(
        conflictOf(action).message,
        'Apply failed with 3 conflicts: conflicts with "a":\n- .metadata.labels.app\n- .spec.containers[name="main"].image\n' +
          'conflicts with "kubectl-edit" using v1:\n- .spec.hostname',
      );
    });

    it('is between an apply and an update of one name, too, and names a subresource', () => {
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      const reported = apply({ status }, { live, manager: 'a', subresource: 'status' });
      const action = (): unknown =>
        apply(
          { status: { conditions: [{ type: 'Ready', status: 'False' }] } },
          { live: reported, manager: 'b', subresource: 'status' },
        );
      assert.equal(
        conflictOf(action).message,
        'Apply failed with 1 conflict: conflict with "a" with subresource "status": .status.conditions[type="Ready"].status',
      );
    });

    it('are overcome by force, which takes the fields', () => {
      const next = apply({ metadata: { labels: { app: 'db' } } }, { live, manager: 'b', force: true });
      assert.deepEqual(next.metadata.labels, { app: 'db', tier: 'x' });
      assert.deepEqual(ownersOf(next)['a Apply'], {
        'f:metadata': { 'f:labels': { 'f:tier': {} } },
        'f:spec': { 'f:containers': { 'k:{"name":"main"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
      });
    });

    it('do not arise from saying the same', () => {
      const next = apply({ metadata: { labels: { app: 'web' } } }, { live, manager: 'b' });
      assert.deepEqual(ownersOf(next)['b Apply'], { 'f:metadata': { 'f:labels': { 'f:app': {} } } });
      assert.deepEqual(ownersOf(next)['a Apply'], ownersOf(live)['a Apply']);
    });

    it('do not arise from the same quantity in other words', () => {
      const resources = (cpu: string): Parts => ({
        spec: { containers: [{ ...container, resources: { limits: { cpu } } }] },
      });
      const first = apply(resources('1'));
      assert.ok(apply(resources('1000m'), { live: first, manager: 'b' }));
    });

    it('do not arise from a default inside of what has one owner', () => {
      const fieldRef = { fieldPath: 'spec.nodeName' };
      const withEnv = (ref: object): Parts => ({
        spec: { containers: [{ ...container, env: [{ name: 'NODE', valueFrom: { fieldRef: ref } }] }] },
      });
      const defaulted = apply(withEnv({ ...fieldRef, apiVersion: 'v1' }));
      assert.ok(apply(withEnv(fieldRef), { live: defaulted, manager: 'b' }));
      const other = { ...fieldRef, apiVersion: 'v2' };
      assert.match(
        conflictOf(() => apply(withEnv(other), { live: defaulted, manager: 'b' })).message,
        /\.env\[name="NODE"\]\.valueFrom\.fieldRef$/,
      );
    });

    it('do not arise from a zero or null that is said where nothing is', () => {
      const parts: Parts = { spec: { containers: [container], hostNetwork: false, nodeName: null } };
      const first = apply(parts);
      assert.equal(Object.hasOwn(specOf(first), 'hostNetwork'), false);
      const second = apply(parts, { live: first, manager: 'b' });
      assert.deepEqual(ownersOf(second)['b Apply'], ownersOf(second)['a Apply']);
    });

    it('arise from a zero that takes away what another owns', () => {
      const first = apply({ spec: { containers: [container], hostNetwork: true } });
      const error = conflictOf(() => apply({ spec: { hostNetwork: false } }, { live: first, manager: 'b' }));
      assert.match(error.message, /"a": \.spec\.hostNetwork$/);
    });

    it('treat what has one owner as one field', () => {
      const first = apply({ spec: { containers: [container], nodeSelector: { disk: 'ssd' } } });
      const error = conflictOf(() => apply({ spec: { nodeSelector: { zone: 'a' } } }, { live: first, manager: 'b' }));
      assert.match(error.message, /"a": \.spec\.nodeSelector$/);
      const forced = apply({ spec: { nodeSelector: { zone: 'a' } } }, { live: first, manager: 'b', force: true });
      assert.deepEqual(specOf(forced)['nodeSelector'], { zone: 'a' });
    });

    it('are not about status on the main resource, nor about spec on status', () => {
      const reported = apply({ status: { phase: 'Running' } }, { live, manager: 'kubelet', subresource: 'status' });
      const next = apply({ status: { phase: 'Failed' } }, { live: reported, manager: 'b' });
      assert.equal(Object.hasOwn(ownersOf(next), 'b Apply'), false);
    });
  });

  describe('abandoned fields', () => {
    it('go when nobody else owns them', () => {
      const live = apply({
        metadata: { labels: { app: 'web', tier: 'x' } },
        spec: { containers: [container], hostname: 'h' },
      });
      const next = apply({ metadata: { labels: { app: 'web' } }, spec: { containers: [container] } }, { live });
      assert.deepEqual(next.metadata.labels, { app: 'web' });
      assert.deepEqual(next['spec'], { containers: [container] });
    });

    it('go with the struct that only held them, and with what was defaulted in it', () => {
      const live = apply({ spec: { containers: [container], securityContext: { runAsUser: 1 } } });
      const defaulted = {
        ...live,
        spec: { ...specOf(live), securityContext: { runAsUser: 1, fsGroupChangePolicy: 'Always' } },
      };
      assert.deepEqual(apply({ spec: { containers: [container] } }, { live: defaulted })['spec'], {
        containers: [container],
      });
    });

    it('stay when another owns them, applier or updater', () => {
      const parts: Parts = { metadata: { labels: { app: 'web', tier: 'x' } }, spec: { containers: [container] } };
      const shared = apply({ metadata: { labels: { app: 'web' } } }, { live: apply(parts), manager: 'b' });
      const live = updated(shared, {}, 'u', { 'f:metadata': { 'f:labels': { 'f:tier': {} } } });
      const next = apply({ spec: { containers: [container] } }, { live });
      assert.deepEqual(next.metadata.labels, { app: 'web', tier: 'x' });
      assert.deepEqual(ownersOf(next)['b Apply'], { 'f:metadata': { 'f:labels': { 'f:app': {} } } });
    });

    it('stay when they were never applied', () => {
      const live = apply({ metadata: { labels: { app: 'web' } }, spec: { containers: [container] } });
      const labelled = updated(live, { metadata: { labels: { app: 'web', x: 'y' } } }, 'u', {
        'f:metadata': { 'f:labels': { 'f:x': {} } },
      });
      assert.deepEqual(apply({ spec: { containers: [container] } }, { live: labelled }).metadata.labels, { x: 'y' });
    });

    it('take an element of a keyed list with them, other elements stay', () => {
      const live = apply({ spec: { containers: [container, { name: 'side', image: 'y' }] } });
      const grown = updated(
        live,
        { spec: { containers: [...(specOf(live)['containers'] as object[]), { name: 'third', image: 'z' }] } },
        'u',
        {
          'f:spec': { 'f:containers': { 'k:{"name":"third"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
        },
      );
      assert.deepEqual(specOf(apply({ spec: { containers: [container] } }, { live: grown }))['containers'], [
        container,
        { name: 'third', image: 'z' },
      ]);
    });

    it('leave an element that another owns, without what only the applier had in it', () => {
      const live = apply({
        spec: { containers: [{ ...container, env: [{ name: 'A', value: '1' }], workingDir: '/a' }] },
      });
      const shared = apply(
        { spec: { containers: [{ name: 'main', env: [{ name: 'A', value: '1' }] }] } },
        { live, manager: 'b' },
      );
      assert.deepEqual(specOf(apply({ metadata: {} }, { live: shared }))['containers'], [
        { name: 'main', env: [{ name: 'A', value: '1' }] },
      ]);
    });

    it('take their elements out of a set', () => {
      const live = apply({ metadata: { finalizers: ['x/a', 'x/b'] } });
      const shared = apply({ metadata: { finalizers: ['x/c'] } }, { live, manager: 'b' });
      assert.deepEqual(shared.metadata.finalizers, ['x/a', 'x/b', 'x/c']);
      assert.deepEqual(apply({ metadata: { finalizers: ['x/b'] } }, { live: shared }).metadata.finalizers, [
        'x/b',
        'x/c',
      ]);
    });

    it('drop a manager that applies nothing', () => {
      const live = apply({ metadata: { labels: { app: 'web' } }, spec: { containers: [container] } });
      const second = apply({ metadata: { labels: { app: 'web' } } }, { live, manager: 'b' });
      assert.deepEqual(Object.keys(ownersOf(apply({}, { live: second, manager: 'b' }))), ['a Apply']);
    });
  });

  describe('lists', () => {
    const env = (...names: string[]): Parts => ({
      spec: { containers: [{ ...container, env: names.map((name) => ({ name, value: 'v' })) }] },
    });
    const namesOf = (object: KubeObject): string =>
      (specOf(object)['containers'] as [{ env: { name: string }[] }])[0].env.map(({ name }) => name).join('');

    for (const { live, applied, order } of [
      { live: 'AB', applied: 'BA', order: 'BA' },
      { live: 'ABC', applied: 'CA', order: 'BCA' },
      { live: 'AXB', applied: 'ANB', order: 'AXNB' },
      { live: 'XA', applied: 'NA', order: 'XNA' },
      { live: 'AX', applied: 'NM', order: 'AXNM' },
      { live: 'ABXC', applied: 'CBA', order: 'XCBA' },
    ]) {
      it(`puts ${applied} into ${live} as ${order}`, () => {
        const before = apply(env(...live), { manager: 'other' });
        assert.equal(namesOf(apply(env(...applied), { live: before })), order);
      });
    }

    it('finds elements by keys of which one has its default', () => {
      const ports = (port: object): Parts => ({ spec: { containers: [{ ...container, ports: [port] }] } });
      const before = apply(ports({ containerPort: 53, protocol: 'UDP' }), { manager: 'other' });
      const tcp = apply(ports({ containerPort: 53 }), { live: before });
      assert.equal((specOf(tcp)['containers'] as [{ ports: object[] }])[0].ports.length, 2);
      const named = apply(ports({ containerPort: 53, protocol: 'TCP', name: 'dns' }), { live: tcp });
      assert.deepEqual((specOf(named)['containers'] as [{ ports: object[] }])[0].ports, [
        { containerPort: 53, protocol: 'UDP' },
        { containerPort: 53, protocol: 'TCP', name: 'dns' },
      ]);
    });

    it('replaces an atomic list', () => {
      const command = (...words: string[]): Parts => ({ spec: { containers: [{ ...container, command: words }] } });
      const next = apply(command('b'), { live: apply(command('a', 'x')) });
      assert.deepEqual((specOf(next)['containers'] as [{ command: string[] }])[0].command, ['b']);
    });

    it('keeps what is in a map or list that is applied empty or null', () => {
      const live = apply(
        { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
        { manager: 'other' },
      );
      for (const labels of [{}, null]) {
        assert.deepEqual(apply({ metadata: { labels } }, { live }).metadata.labels, { app: 'web' });
      }
    });
  });

  it('calls what was there before the first apply by its name', () => {
    const live = pod({ metadata: { labels: { app: 'web' } }, spec: { containers: [container] } });
    const next = apply({ metadata: { labels: { app: 'web', x: 'y' } } }, { live });
    assert.deepEqual(Object.keys(ownersOf(next)), ['a Apply', 'before-first-apply Update']);
    const error = conflictOf(() => apply({ metadata: { labels: { app: 'db' } } }, { live }));
    assert.equal(
      error.message,
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .metadata.labels.app',
    );
  });

  it('keeps a key named __proto__ a key', () => {
    const labels = JSON.parse('{"__proto__":"x","a":"b"}') as object;
    const live = apply({ metadata: { labels }, spec: { containers: [container] } });
    assert.deepEqual(Object.keys(live.metadata.labels ?? {}), ['__proto__', 'a']);
    const next = apply({ metadata: { labels: { a: 'b' } } }, { live });
    assert.deepEqual(Object.keys(next.metadata.labels ?? {}), ['a']);
  });
});
