import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { lastAppliedAnnotation, withLastApplied } from '../../api/last-applied.ts';
import type { KubeObject } from '../../api/meta.ts';
import { deployments } from '../../api/resources.ts';
import { isStatusError } from '../../lib/status-error.ts';
import {
  at,
  configMap,
  configMapKind,
  kindOf,
  namespaceKind,
  openRegistry,
  pod,
  podKind,
  type RegistryFixture,
  writeContext,
} from '../../testing/registry.ts';
import { deploymentManifest } from '../../testing/workloads.ts';
import type { AnyKind, WriteContext } from './context.ts';

const key = { namespace: 'default', name: 'a' };

describe('server-side apply', () => {
  let fixture: RegistryFixture;

  beforeEach(async () => {
    fixture = await openRegistry();
  });

  interface Options extends Partial<WriteContext> {
    readonly kind?: AnyKind;
    readonly force?: boolean;
    readonly subresource?: string;
    readonly manager?: string;
  }

  const apply = (
    body: unknown,
    { kind = configMapKind, force = false, subresource, manager = 'helm', ...context }: Options = {},
  ): Promise<{ readonly object: KubeObject; readonly created: boolean }> =>
    fixture.registry.apply(
      kind,
      { key, body, force, subresource },
      writeContext({ fieldManager: manager, ...context }),
    );
  const refused = (action: Promise<unknown>, reason: Parameters<typeof isStatusError>[1], message: RegExp | string) =>
    assert.rejects(action, (error) => {
      assert.ok(isStatusError(error, reason), String(error));
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    });
  const managersOf = (object: KubeObject): readonly string[] =>
    (object.metadata.managedFields ?? []).map(({ manager, operation, subresource = '' }) =>
      [manager, operation, subresource].join(' ').trim(),
    );

  it('creates what is not there, and says so', async () => {
    const { object, created } = await apply(configMap('a', { x: '1' }));
    assert.equal(created, true);
    assert.ok(object.metadata.uid);
    assert.deepEqual(object['data'], { x: '1' });
    assert.deepEqual(object.metadata.managedFields?.[0]?.fieldsV1, { 'f:data': { 'f:x': {} } });
    assert.deepEqual(await fixture.registry.get(configMapKind, key), object);
  });

  it('changes what is there', async () => {
    await apply(configMap('a', { x: '1', y: '1' }));
    const { object, created } = await apply(configMap('a', { x: '2' }));
    assert.equal(created, false);
    assert.deepEqual(object['data'], { x: '2' });
  });

  it('writes nothing when nothing changes, however late', async () => {
    const first = await apply(pod('a'), { kind: podKind });
    const before = fixture.store.revision();
    await fixture.clock.advance(60_000);
    const again = await apply(pod('a'), { kind: podKind });
    assert.equal(fixture.store.revision(), before);
    assert.deepEqual(again.object, first.object);
  });

  it('stores that another manager owns the same values now', async () => {
    await apply(configMap('a', { x: '1' }));
    const { object } = await apply(configMap('a', { x: '1' }), { manager: 'gitops' });
    assert.deepEqual(managersOf(await fixture.registry.get(configMapKind, key)), ['gitops Apply', 'helm Apply']);
    assert.equal(object.metadata.generation, undefined);
  });

  it('gives no owner to a default, and raises the generation when the intent changes', async () => {
    const { object } = await apply(pod('a'), { kind: podKind });
    assert.equal(at(object, 'spec', 'restartPolicy'), 'Always');
    assert.equal(at(object, 'spec', 'nodeName'), 'device');
    assert.equal(object.metadata.generation, 1);
    const fields = JSON.stringify(object.metadata.managedFields);
    assert.doesNotMatch(fields, /restartPolicy|nodeName|imagePullPolicy/);
    const body = pod('a', { containers: [{ name: 'main', image: 'busybox:2' }] });
    assert.equal((await apply(body, { kind: podKind })).object.metadata.generation, 2);
  });

  it('validates the result', async () => {
    await apply(pod('a'), { kind: podKind });
    const body = pod('a', { containers: [{ name: 'main', image: 'busybox' }], restartPolicy: 'Never' });
    await refused(apply(body, { kind: podKind }), 'Invalid', /pod updates may not change fields other than/);
  });

  it('refuses to change what others own, unless forced', async () => {
    await fixture.registry.create(configMapKind, 'default', configMap('a', { x: '1' }), writeContext());
    await refused(
      apply(configMap('a', { x: '2' })),
      'Conflict',
      'Apply failed with 1 conflict: conflict with "tester" using v1: .data.x',
    );
    const { object } = await apply(configMap('a', { x: '2' }), { force: true });
    assert.deepEqual(object['data'], { x: '2' });
    assert.deepEqual(managersOf(object), ['helm Apply', 'tester Update']);
    assert.deepEqual(object.metadata.managedFields?.[1]?.fieldsV1, { 'f:data': {} });
  });

  it('writes the status only through its subresource', async () => {
    await apply(pod('a'), { kind: podKind });
    const body = { ...pod('a', { hostname: 'h' }), status: { message: 'hello' } };
    const { object } = await apply(body, { kind: podKind, subresource: 'status', manager: 'reporter' });
    assert.equal(at(object, 'status', 'message'), 'hello');
    assert.equal(at(object, 'spec', 'hostname'), undefined);
    assert.deepEqual(managersOf(object), ['helm Apply', 'reporter Apply status']);
    const main = await apply({ ...pod('a'), status: { message: 'bye' } }, { kind: podKind });
    assert.equal(at(main.object, 'status', 'message'), 'hello');
  });

  it('owns by the status nothing that is not written beside it', async () => {
    const kind = kindOf(deployments);
    const web = (metadata: object, status?: object): object => ({
      ...deploymentManifest({}, { name: 'a', ...metadata }),
      ...(status ? { status } : {}),
    });
    await apply(web({ labels: { app: 'web' } }), { kind });
    const told = web({ labels: { app: 'other' }, annotations: { a: 'b' } }, { replicas: 3 });
    const { object } = await apply(told, { kind, subresource: 'status', manager: 'reporter' });
    assert.deepEqual(object.metadata.labels, { app: 'web' });
    const reporter = object.metadata.managedFields?.find(({ manager }) => manager === 'reporter');
    assert.deepEqual(reporter?.fieldsV1, {
      'f:metadata': { 'f:annotations': { 'f:a': {} } },
      'f:status': { 'f:replicas': {} },
    });
  });

  it('does not create by a subresource', () =>
    refused(apply(pod('a'), { kind: podKind, subresource: 'status' }), 'NotFound', 'pods "a" not found'));

  it('stores nothing under dryRun, created or changed', async () => {
    const before = fixture.store.revision();
    assert.equal((await apply(configMap('a', { x: '1' }), { dryRun: true })).created, true);
    assert.equal(fixture.store.revision(), before);
    await apply(configMap('a', { x: '1' }));
    const stored = fixture.store.revision();
    assert.deepEqual((await apply(configMap('a', { x: '2' }), { dryRun: true })).object['data'], { x: '2' });
    assert.equal(fixture.store.revision(), stored);
  });

  it('takes metadata.resourceVersion for a lock', async () => {
    const { object } = await apply(configMap('a', { x: '1' }));
    const { resourceVersion } = object.metadata;
    await apply(configMap('a', { x: '2' }, { resourceVersion }));
    await refused(apply(configMap('a', { x: '3' }, { resourceVersion })), 'Conflict', /has been modified/);
  });

  it('creates nothing for who wants a certain version or object', async () => {
    await refused(apply(configMap('a', {}, { resourceVersion: '7' })), 'Conflict', /has been modified/);
    await refused(
      apply(configMap('a', {}, { uid: 'u' })),
      'Conflict',
      'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid u, and no existing object was found',
    );
  });

  it('creates nothing for who may not', async () => {
    const requireCreate = (): never => {
      throw new Error('may not create');
    };
    const request = { key, body: configMap('a'), force: false, requireCreate };
    await assert.rejects(fixture.registry.apply(configMapKind, request, writeContext()), /may not create/);
  });

  it('creates nothing in a namespace that ends or is missing, but changes what is there', async () => {
    await apply(configMap('a', { x: '1' }));
    await fixture.registry.delete(namespaceKind, { name: 'default' }).catch(() => {});
    await fixture.registry.create(namespaceKind, undefined, { metadata: { name: 'ending' } }, writeContext());
    const inEnding = { key: { namespace: 'ending', name: 'a' }, force: false } as const;
    await fixture.registry.apply(configMapKind, { ...inEnding, body: configMap('a') }, writeContext());
    await fixture.registry.delete(namespaceKind, { name: 'ending' });
    const changed = { ...inEnding, body: configMap('a', { x: '2' }) };
    assert.equal((await fixture.registry.apply(configMapKind, changed, writeContext())).created, false);
    await refused(
      fixture.registry.apply(
        configMapKind,
        { key: { namespace: 'ending', name: 'b' }, body: configMap('b'), force: false },
        writeContext(),
      ),
      'Forbidden',
      /because it is being terminated/,
    );
    const missing = { key: { namespace: 'nope', name: 'a' }, body: configMap('a'), force: false };
    await refused(
      fixture.registry.apply(configMapKind, missing, writeContext()),
      'NotFound',
      'namespaces "nope" not found',
    );
  });

  it('lets two who create the same at once both have it', async () => {
    const results = await Promise.all(
      ['m1', 'm2', 'm3'].map((manager) => apply(configMap('a', { [manager]: '1' }), { manager })),
    );
    assert.equal(results.filter(({ created }) => created).length, 1);
    const stored = await fixture.registry.get(configMapKind, key);
    assert.deepEqual(stored['data'], { m1: '1', m2: '1', m3: '1' });
  });

  describe('refuses', () => {
    for (const { what, body, says } of [
      { what: 'no object', body: [], says: /must be an object/ },
      {
        what: 'another version',
        body: { apiVersion: 'v2', kind: 'ConfigMap' },
        says: 'Incorrect version specified in apply patch. Specified patch version: v2, expected: v1',
      },
      {
        what: 'another kind',
        body: { apiVersion: 'v1', kind: 'Pod' },
        says: 'no corresponding type for /v1, Kind=Pod',
      },
      {
        what: 'managedFields',
        body: configMap('a', {}, { managedFields: [] }),
        says: 'metadata.managedFields must be nil',
      },
      {
        what: 'another name than that of the URL',
        body: configMap('b'),
        says: 'the name of the object (b) does not match the name on the URL (a)',
      },
      {
        what: 'no name',
        body: configMap('', {}, { name: null, generateName: 'a-' }),
        says: 'the name of the object (a based on URL) was undeterminable: name must be provided',
      },
      {
        what: 'another namespace',
        body: configMap('a', {}, { namespace: 'other' }),
        says: 'the namespace of the object (other) does not match the namespace on the request (default)',
      },
      {
        what: 'unknown fields, whatever the field validation',
        body: { ...configMap('a'), bogus: 1 },
        says: 'failed to create typed patch object (default/a; /v1, Kind=ConfigMap): .bogus: field not declared in schema',
      },
      {
        what: 'wrong types',
        body: { ...configMap('a'), data: { x: 1 } },
        says: /json: cannot unmarshal number into Go struct field ConfigMap\.data of type string/,
      },
    ]) {
      it(what, () => refused(apply(body, { fieldValidation: 'Ignore' }), 'BadRequest', says));
    }

    it('elements of lists without key, and twice the same', async () => {
      const containers = [{ name: 'a', image: 'x', env: [{ name: 'E' }, { name: 'E' }] }, { image: 'y' }, null, 7];
      await refused(
        apply(pod('a', { containers, nope: 1 }), { kind: podKind }),
        'BadRequest',
        [
          'failed to create typed patch object (default/a; /v1, Kind=Pod): errors:',
          '  .spec.containers[name="a"].env: duplicate entries for key [name="E"]',
          '  .spec.containers[1]: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
          '  .spec.containers[2]: associative list with keys may not have a null element',
          '  .spec.containers[3]: associative list with keys may not have non-map elements',
          '  .spec.nope: field not declared in schema',
        ].join('\n'),
      );
    });
  });

  it('takes the empty version', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap' };
    await apply(configMap('a', { x: '1' }), { manager: 'other' });
    assert.deepEqual((await apply(body)).object['data'], { x: '1' });
  });

  describe('after kubectl applied on the client side', () => {
    const clientSide = (data: Readonly<Record<string, string>>): Promise<KubeObject> =>
      fixture.registry.create(
        configMapKind,
        'default',
        withLastApplied(configMap('a', data, { namespace: 'default' }) as KubeObject),
        writeContext({ fieldManager: 'kubectl-client-side-apply' }),
      );

    it("kubectl's server-side apply goes on with what it had set, and keeps the annotation true", async () => {
      await clientSide({ x: '1', y: '1' });
      const { object } = await apply(configMap('a', { x: '2', y: '1' }), { manager: 'kubectl' });
      assert.deepEqual(object['data'], { x: '2', y: '1' });
      const text = object.metadata.annotations?.[lastAppliedAnnotation] ?? '';
      assert.deepEqual(JSON.parse(text), { ...configMap('a', { x: '2', y: '1' }, { annotations: {} }) });
      assert.ok(text.endsWith('\n'));
    });

    it('what somebody changed since is a conflict all the same', async () => {
      await clientSide({ x: '1', y: '1' });
      const patch = { type: 'merge', body: { data: { x: 'mine' } } } as const;
      await fixture.registry.patch(configMapKind, key, patch, writeContext({ fieldManager: 'human' }));
      await refused(
        apply(configMap('a', { x: '2', y: '2' }), { manager: 'kubectl' }),
        'Conflict',
        'Apply failed with 1 conflict: conflict with "human" using v1: .data.x',
      );
    });

    it('another manager has no such right, and leaves the annotation alone', async () => {
      const before = await clientSide({ x: '1' });
      await refused(apply(configMap('a', { x: '2' })), 'Conflict', /kubectl-client-side-apply/);
      const { object } = await apply(configMap('a', { x: '2' }), { force: true });
      assert.deepEqual(object.metadata.annotations, before.metadata.annotations);
    });

    it('a damaged annotation gives no right', async () => {
      const annotations = { [lastAppliedAnnotation]: '{"apiVersion":"v1","kind":"ConfigMap","data":7}' };
      await fixture.registry.create(
        configMapKind,
        'default',
        configMap('a', { x: '1' }, { annotations }),
        writeContext(),
      );
      await refused(apply(configMap('a', { x: '2' }), { manager: 'kubectl' }), 'Conflict', /"tester"/);
    });
  });
});
