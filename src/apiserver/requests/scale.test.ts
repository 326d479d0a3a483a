import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { scaleFields } from '../../api/kinds/scale.ts';
import { TestApi } from '../../testing/api-server.ts';
import { encodeEnvelope, encodeProtobuf } from '../../testing/encode-protobuf.ts';
import { deploymentManifest } from '../../testing/workloads.ts';

const deployments = '/apis/apps/v1/namespaces/default/deployments';

describe('the subresource scale', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  const create = async (name: string): Promise<string> => {
    const { code } = await api.post(deployments, deploymentManifest({ replicas: 2 }, { name }));
    assert.equal(code, 201);
    return `${deployments}/${name}/scale`;
  };
  const patch = (path: string, type: string, body: unknown) =>
    api.send('PATCH', path, { headers: { 'content-type': `application/${type}+json` }, body: JSON.stringify(body) });
  const replicasOf = async (path: string) => (await api.get(path.replace(/\/scale$/, ''))).json.spec.replicas;

  it('shows how many replicas are wanted, found, and which pods they are', async () => {
    const { json } = await api.get(await create('shown'));
    const { uid, resourceVersion, creationTimestamp, ...metadata } = json.metadata;
    assert.deepEqual(
      { ...json, metadata },
      {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'shown', namespace: 'default' },
        spec: { replicas: 2 },
        status: { replicas: 0, selector: 'app=web' },
      },
    );
    assert.ok(uid && resourceVersion && creationTimestamp);
  });

  it('takes a whole Scale without a content type, as kubectl scale --current-replicas sends it', async () => {
    const path = await create('replaced');
    const { json } = await api.get(path);
    const body = JSON.stringify({ ...json, spec: { replicas: 5 } });
    const put = await api.send('PUT', path, { body });
    assert.deepEqual([put.code, put.json.kind, put.json.spec.replicas], [200, 'Scale', 5]);
    assert.equal(await replicasOf(path), 5);
    const stale = await api.send('PUT', path, { body });
    assert.deepEqual([stale.code, stale.json.reason], [409, 'Conflict']);
  });

  it('takes a server-side apply, and knows who owns the replicas', async () => {
    const path = await create('applied');
    const apply = (body: object, query: string) =>
      api.send('PATCH', `${path}?${query}`, {
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: JSON.stringify({ apiVersion: 'autoscaling/v1', kind: 'Scale', ...body }),
      });
    const refused = await apply({ spec: { replicas: 3 } }, 'fieldManager=hpa');
    assert.deepEqual([refused.code, refused.json.details.causes[0].field], [409, '.spec.replicas']);
    const forced = await apply({ metadata: { name: 'applied' }, spec: { replicas: 3 } }, 'fieldManager=hpa&force=true');
    assert.deepEqual([forced.code, forced.json.kind, forced.json.spec.replicas], [200, 'Scale', 3]);
    const { managedFields } = (await api.get(path.replace(/\/scale$/, ''))).json.metadata;
    assert.deepEqual(
      { ...managedFields[0], time: '' },
      {
        manager: 'hpa',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: '',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
        subresource: 'scale',
      },
    );
    for (const [body, code] of [
      [{ spec: { replicas: -1 } }, 422],
      [{ spec: { replicas: 'x' } }, 400],
      [{ spec: null }, 200],
      [{ metadata: { name: 'other' } }, 400],
    ] as const) {
      assert.equal((await apply(body, 'fieldManager=x')).code, code, JSON.stringify(body));
    }
    const missing = await api.send('PATCH', `${deployments}/nope/scale?fieldManager=x`, {
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: '{"apiVersion":"autoscaling/v1","kind":"Scale"}',
    });
    assert.equal(missing.code, 404);
  });

  it('takes a Scale as protobuf', async () => {
    const path = await create('binary');
    const message = encodeProtobuf(scaleFields, { metadata: { name: 'binary' }, spec: { replicas: 7 } });
    const { code } = await api.send('PUT', path, {
      headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
      body: Buffer.from(encodeEnvelope('autoscaling/v1', 'Scale', message)),
    });
    assert.deepEqual([code, await replicasOf(path)], [200, 7]);
  });

  for (const { type, body, replicas } of [
    { type: 'merge-patch', body: { spec: { replicas: 3 } }, replicas: 3 },
    { type: 'strategic-merge-patch', body: { spec: { replicas: 4 } }, replicas: 4 },
    { type: 'json-patch', body: [{ op: 'replace', path: '/spec/replicas', value: 0 }], replicas: 0 },
  ]) {
    it(`takes a ${type} to ${replicas}`, async () => {
      const path = await create(type);
      assert.equal((await patch(path, type, body)).json.spec.replicas, replicas);
      assert.equal(await replicasOf(path), replicas);
    });
  }

  it('owns the replicas that it wrote, and raises the generation', async () => {
    const path = await create('owned');
    await patch(path, 'merge-patch', { spec: { replicas: 9 }, metadata: { labels: { not: 'written' } } });
    const { json } = await api.get(`${deployments}/owned`);
    const entry = json.metadata.managedFields.find((each: { subresource?: string }) => each.subresource === 'scale');
    assert.deepEqual(entry.fieldsV1, { 'f:spec': { 'f:replicas': {} } });
    assert.deepEqual([json.metadata.generation, json.metadata.labels], [2, undefined]);
  });

  it('refuses fewer than none, another name, and kinds that have no replicas', async () => {
    const path = await create('refused');
    const negative = await patch(path, 'merge-patch', { spec: { replicas: -1 } });
    assert.deepEqual([negative.code, negative.json.details.causes[0].field], [422, 'spec.replicas']);
    const { json } = await api.get(path);
    const other = await api.send('PUT', path, { body: { ...json, metadata: { name: 'other' } } });
    assert.equal(other.code, 400);
    assert.equal((await api.get('/api/v1/namespaces/default/configmaps/x/scale')).code, 404);
    assert.equal((await api.get(`${deployments}/nobody/scale`)).code, 404);
  });
});
