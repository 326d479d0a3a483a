import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lastAppliedAnnotation, readLastApplied, withLastApplied } from '../../api/last-applied.ts';
import type { KubeObject } from '../../api/meta.ts';
import { applyDefaults } from '../../api/schema/defaults.ts';
import type { MessageType } from '../../api/schema/field.ts';
import { strategicMerge } from '../../api/schema/strategic-merge.ts';
import { findKindByName } from '../../api/scheme.ts';
import { type ThreeWay, threeWayPatch } from './three-way-patch.ts';

const podType: MessageType | undefined = findKindByName('v1', 'Pod')?.fields;
const configMapType = findKindByName('v1', 'ConfigMap')?.fields;
const budgetType = findKindByName('policy/v1', 'PodDisruptionBudget')?.fields;

const spec = (fields: Readonly<Record<string, unknown>>) => ({ spec: fields });
const patchPod = (objects: ThreeWay) => threeWayPatch(podType, objects);

describe('a three-way patch', () => {
  it('is empty when the server has what is wanted, with defaults and fields of others beside it', () => {
    const wanted = spec({ containers: [{ name: 'a', image: 'x', ports: [{ containerPort: 80 }] }] });
    const current = {
      ...spec({
        nodeName: 'pi',
        restartPolicy: 'Always',
        containers: [
          { name: 'a', image: 'x', imagePullPolicy: 'Always', ports: [{ containerPort: 80, protocol: 'TCP' }] },
        ],
      }),
      status: { phase: 'Running' },
    };
    assert.deepEqual(patchPod({ original: wanted, modified: wanted, current }), {});
  });

  it('sets what differs, even when it was not changed by us', () => {
    const wanted = { metadata: { labels: { a: '1' } } };
    const drifted = { metadata: { labels: { a: '2', other: 'x' } } };
    assert.deepEqual(patchPod({ original: wanted, modified: wanted, current: drifted }), wanted);
  });

  it('deletes what was applied before and is no longer wanted, and nothing of others', () => {
    assert.deepEqual(
      threeWayPatch(configMapType, {
        original: { data: { a: '1', b: '2', gone: '3' } },
        modified: { data: { a: '1' } },
        current: { data: { a: '1', b: '2', theirs: '4' } },
      }),
      { data: { b: null } },
    );
  });

  it('deletes a whole part that is no longer wanted', () => {
    assert.deepEqual(
      patchPod({
        original: spec({ hostname: 'x', tolerations: [] }),
        modified: spec({}),
        current: spec({ hostname: 'x' }),
      }),
      {
        spec: { hostname: null },
      },
    );
  });

  it('merges containers by name: changes, adds and deletes one by one, in the wanted order', () => {
    const patch = patchPod({
      original: spec({
        containers: [
          { name: 'old', image: 'o' },
          { name: 'a', image: '1' },
        ],
      }),
      modified: spec({
        containers: [
          { name: 'new', image: 'n' },
          { name: 'a', image: '2' },
        ],
      }),
      current: spec({
        containers: [
          { name: 'old', image: 'o' },
          { name: 'a', image: '1' },
          { name: 'theirs', image: 't' },
        ],
      }),
    });
    assert.deepEqual(patch, {
      spec: {
        containers: [
          { name: 'new', image: 'n' },
          { name: 'a', image: '2' },
          { $patch: 'delete', name: 'old' },
        ],
        '$setElementOrder/containers': [{ name: 'new' }, { name: 'a' }],
      },
    });
  });

  it('is only an order when only the order differs', () => {
    const [a, b] = [
      { name: 'a', image: 'x' },
      { name: 'b', image: 'x' },
    ];
    assert.deepEqual(
      patchPod({ original: undefined, modified: spec({ containers: [b, a] }), current: spec({ containers: [a, b] }) }),
      {
        spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      },
    );
  });

  it('replaces a list in which the merge key is not unique', () => {
    const ports = [
      { containerPort: 53, protocol: 'TCP' },
      { containerPort: 53, protocol: 'UDP' },
    ];
    const patch = patchPod({
      original: undefined,
      modified: spec({ containers: [{ name: 'dns', ports }] }),
      current: spec({ containers: [{ name: 'dns', ports: ports.slice(0, 1) }] }),
    });
    assert.deepEqual((patch['spec'] as { containers: unknown[] }).containers, [
      { name: 'dns', ports: [{ $patch: 'replace' }, ...ports] },
    ]);
  });

  it('drops the other member of a union with retainKeys', () => {
    const patch = patchPod({
      original: spec({ volumes: [{ name: 'v', emptyDir: {} }] }),
      modified: spec({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] }),
      current: spec({ volumes: [{ name: 'v', emptyDir: {} }] }),
    });
    const [volume] = (patch['spec'] as { volumes: Record<string, unknown>[] }).volumes;
    assert.deepEqual(volume, {
      name: 'v',
      hostPath: { path: '/x' },
      emptyDir: null,
      $retainKeys: ['hostPath', 'name'],
    });
  });

  it('sends a message whole that is to be replaced', () => {
    const selector = (matchLabels: object) => spec({ selector: { matchLabels } });
    const both = { original: selector({ app: 'a' }), current: selector({ app: 'a' }) };
    const modified = selector({ app: 'a', tier: 'web' });
    assert.deepEqual(threeWayPatch(budgetType, { ...both, modified }), modified);
    assert.deepEqual(threeWayPatch(budgetType, { ...both, modified: both.original }), {});
  });

  it('adds to and takes from a set without touching what others added', () => {
    const finalizers = (...names: string[]) => ({ metadata: { finalizers: names } });
    assert.deepEqual(
      patchPod({ original: finalizers('a', 'b'), modified: finalizers('b', 'c'), current: finalizers('a', 'b', 'x') }),
      {
        metadata: {
          finalizers: ['c'],
          '$deleteFromPrimitiveList/finalizers': ['a'],
          '$setElementOrder/finalizers': ['b', 'c'],
        },
      },
    );
  });

  it('replaces an atomic list whole', () => {
    const args = (...words: string[]) => spec({ containers: [{ name: 'a', args: words }] });
    const patch = patchPod({ original: args('x'), modified: args('x', 'y'), current: args('x') });
    assert.deepEqual((patch['spec'] as { containers: unknown[] }).containers, [{ name: 'a', args: ['x', 'y'] }]);
  });

  it('deletes what is set to null', () => {
    assert.deepEqual(
      patchPod({ original: {}, modified: spec({ hostname: null, subdomain: null }), current: spec({ hostname: 'x' }) }),
      {
        spec: { hostname: null },
      },
    );
  });

  it('of an unknown kind is a merge patch: lists are replaced', () => {
    assert.deepEqual(
      threeWayPatch(undefined, {
        original: spec({ rules: [1], gone: true }),
        modified: spec({ rules: [{ name: 'a' }] }),
        current: spec({ rules: [{ name: 'b' }], gone: true }),
      }),
      { spec: { rules: [{ name: 'a' }], gone: null } },
    );
  });

  it('keeps keys that JavaScript knows', () => {
    const modified = { data: JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string> };
    const patch = threeWayPatch(configMapType, { original: undefined, modified, current: { data: {} } });
    assert.deepEqual(Object.keys(patch['data'] as object), ['__proto__', 'constructor']);
  });
});

describe('applying any manifest over any state', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const word = fc.constantFrom('1', '2', '3');
  const labels = fc.dictionary(name, word, { maxKeys: 3 });
  const env = fc.uniqueArray(fc.record({ name, value: word }), { selector: (item) => item.name, maxLength: 3 });
  const container = fc.record(
    { name, image: word, args: fc.array(word, { maxLength: 2 }), env, workingDir: word },
    { requiredKeys: ['name', 'image'] },
  );
  const volume = fc.oneof(
    fc.record({ name, emptyDir: fc.constant({}) }),
    fc.record({ name, hostPath: fc.record({ path: word }) }),
  );
  const pod = fc.record({
    metadata: fc.record({ labels }, { requiredKeys: [] }),
    spec: fc.record(
      {
        containers: fc.uniqueArray(container, { selector: (item) => item.name, minLength: 1, maxLength: 3 }),
        volumes: fc.uniqueArray(volume, { selector: (item) => item.name, maxLength: 3 }),
        hostname: word,
      },
      { requiredKeys: ['containers'] },
    ),
  });

  it('gives what the manifest says, and applying it again is no change', () => {
    assert.ok(podType);
    const type = podType;
    fc.assert(
      fc.property(pod, pod, pod, (original, drift, modified) => {
        const current = applyDefaults<unknown>(type, structuredClone(drift));
        const merged = strategicMerge(type, current, threeWayPatch(type, { original, modified, current }));
        assert.deepEqual(threeWayPatch(type, { original: modified, modified, current: merged }), {});
        const mergedSpec = (merged as typeof modified).spec;
        for (const wanted of modified.spec.containers) {
          const got = mergedSpec.containers.find((item) => item.name === wanted.name);
          assert.equal(got?.image, wanted.image);
          if (wanted.args !== undefined) assert.deepEqual(got?.args, wanted.args);
        }
        // What only we applied and no longer want is gone.
        for (const old of original.spec.containers) {
          const isWanted = modified.spec.containers.some((item) => item.name === old.name);
          if (!isWanted) assert.ok(!mergedSpec.containers.some((item) => item.name === old.name));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the annotation of what was applied', () => {
  const manifest: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', annotations: { note: 'x' } },
    spec: {},
  };

  it('holds the manifest without itself, as kubectl writes it', () => {
    const once = withLastApplied(manifest);
    const text = once.metadata.annotations?.[lastAppliedAnnotation];
    assert.equal(
      text,
      '{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"note":"x"},"name":"web"},"spec":{}}\n',
    );
    assert.equal(withLastApplied(once).metadata.annotations?.[lastAppliedAnnotation], text);
    assert.deepEqual(readLastApplied(once), JSON.parse(text ?? ''));
  });

  it('is as good as absent when it is damaged', () => {
    const damaged = { ...manifest, metadata: { annotations: { [lastAppliedAnnotation]: '{"a' } } };
    assert.equal(readLastApplied(damaged), undefined);
    assert.equal(readLastApplied(manifest), undefined);
  });
});
