import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { binding } from '../../api/kinds/options.ts';
import { type Answer, TestApi } from '../../testing/api-server.ts';
import { encodeEnvelope, encodeProtobuf } from '../../testing/encode-protobuf.ts';

const pods = '/api/v1/namespaces/default/pods';

describe('the subresource binding', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  /** A pod without a node; its uid. */
  const create = async (name: string): Promise<string> => {
    const spec = { schedulingGates: [{ name: 'test/hold' }], containers: [{ name: 'app', image: 'app:1' }] };
    const { code, json } = await api.post(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
    assert.equal(code, 201);
    const headers = { 'content-type': 'application/json-patch+json' };
    const body = JSON.stringify([{ op: 'remove', path: '/spec/schedulingGates' }]);
    assert.equal((await api.send('PATCH', `${pods}/${name}`, { headers, body })).code, 200);
    return json.metadata.uid;
  };
  const toNode = (name: string, uid?: string) => ({
    metadata: { name, ...(uid ? { uid } : {}) },
    target: { apiVersion: 'v1', kind: 'Node', name: 'device' },
  });
  const bind = (name: string, body: object): Promise<Answer> =>
    api.post(`${pods}/${name}/binding`, { apiVersion: 'v1', kind: 'Binding', ...body });
  const nodeOf = async (name: string): Promise<string | undefined> =>
    (await api.get(`${pods}/${name}`)).json.spec.nodeName;

  it('says where a pod runs, once', async () => {
    const uid = await create('bound');
    const { code, json } = await bind('bound', toNode('bound', uid));
    assert.deepEqual([code, json.status], [201, 'Success']);
    assert.equal(await nodeOf('bound'), 'device');
    const again = await bind('bound', toNode('bound', uid));
    assert.deepEqual([again.code, again.json.reason], [409, 'Conflict']);
  });

  it('is taken as protobuf, as a scheduler made with client-go sends it', async () => {
    const uid = await create('binary');
    const { code, text } = await api.send('POST', `${pods}/binary/binding`, {
      headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
      body: Buffer.from(encodeEnvelope('v1', 'Binding', encodeProtobuf(binding, toNode('binary', uid)))),
    });
    assert.deepEqual([code, await nodeOf('binary')], [201, 'device'], text);
  });

  it('only tries with dryRun', async () => {
    await create('tried');
    const { code } = await api.post(`${pods}/tried/binding?dryRun=All`, toNode('tried'));
    assert.deepEqual([code, await nodeOf('tried')], [201, undefined]);
  });

  it('refuses another pod, another kind of target, and none', async () => {
    await create('refused');
    const { target } = toNode('refused');
    for (const [body, code] of [
      [toNode('other'), 400],
      [toNode('refused', '00000000-0000-0000-0000-000000000000'), 409],
      [{ target: { ...target, kind: 'Pod' } }, 422],
      [{ target: { ...target, name: '' } }, 422],
      [{}, 422],
    ] as const) {
      assert.equal((await bind('refused', body)).code, code, JSON.stringify(body));
    }
    assert.equal(await nodeOf('refused'), undefined);
    assert.equal((await bind('nobody', toNode('nobody'))).code, 404);
  });
});
