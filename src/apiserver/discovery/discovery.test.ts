import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TestApi } from '../../testing/api-server.ts';

const aggregated = (version: string) =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`;

describe('discovery', () => {
  let api: TestApi;
  let healthy = true;
  before(async () => {
    const check = (): string | undefined => (healthy ? undefined : 'a secret reason');
    api = await TestApi.start({ healthChecks: [{ name: 'store', kinds: ['readyz'], check }] });
  });
  after(() => api.stop());

  it('tells of the core group and the others, as it always has', async () => {
    assert.deepEqual((await api.get('/api')).json.versions, ['v1']);
    const { json: groups } = await api.get('/apis');
    assert.ok(groups.groups.some(({ name }: { name: string }) => name === 'coordination.k8s.io'));
    const { json: group } = await api.get('/apis/coordination.k8s.io');
    assert.deepEqual(group.preferredVersion, { groupVersion: 'coordination.k8s.io/v1', version: 'v1' });
    const { json: leases } = await api.get('/apis/coordination.k8s.io/v1');
    assert.equal(leases.resources[0].name, 'leases');
    for (const path of ['/apis/nope', '/apis/nope/v1', '/api/v2', '/apis/coordination.k8s.io/v2', '/apis//v1']) {
      assert.equal((await api.get(path)).code, 404, path);
    }
  });

  it('names subresources with the kinds that they take', async () => {
    const { json } = await api.get('/api/v1');
    const eviction = json.resources.find(({ name }: { name: string }) => name === 'pods/eviction');
    assert.deepEqual([eviction.group, eviction.version, eviction.kind], ['policy', 'v1', 'Eviction']);
    const pods = json.resources.find(({ name }: { name: string }) => name === 'pods');
    assert.deepEqual([pods.shortNames, pods.categories, pods.namespaced], [['po'], ['all'], true]);
  });

  it('names the subresource that a group has of a resource of another one, and no such resource', async () => {
    const { json } = await api.get('/apis/eliot.run/v1alpha1');
    assert.deepEqual(
      json.resources.filter(({ name }: { name: string }) => name.split('/')[0] === 'pods'),
      [{ name: 'pods/sync', singularName: '', namespaced: true, kind: 'PodSyncOptions', verbs: ['create', 'get'] }],
    );
    const all = await api.get('/apis', { headers: { accept: aggregated('v2') } });
    const { versions } = all.json.items.find(
      ({ metadata }: { metadata: { name: string } }) => metadata.name === 'eliot.run',
    );
    const responseKind = { group: 'eliot.run', version: 'v1alpha1', kind: 'PodSyncOptions' };
    assert.deepEqual(
      versions[0].resources.find(({ resource }: { resource: string }) => resource === 'pods'),
      {
        resource: 'pods',
        responseKind: { group: '', version: '', kind: '' },
        scope: 'Namespaced',
        singularResource: '',
        verbs: [],
        subresources: [{ subresource: 'sync', responseKind, verbs: ['create', 'get'] }],
      },
    );
  });

  it('tells in OpenAPI how streams are connected to', async () => {
    const { json: core } = await api.get('/openapi/v3/api/v1');
    const { json: ours } = await api.get('/openapi/v3/apis/eliot.run/v1alpha1');
    for (const [document, path, gvk, parameters] of [
      [
        core,
        '/api/v1/namespaces/{namespace}/pods/{name}/exec',
        { group: '', version: 'v1', kind: 'PodExecOptions' },
        ['name', 'namespace', 'command', 'container', 'stdin', 'stdout', 'stderr', 'tty'],
      ],
      [
        ours,
        '/apis/eliot.run/v1alpha1/namespaces/{namespace}/pods/{name}/sync',
        { group: 'eliot.run', version: 'v1alpha1', kind: 'PodSyncOptions' },
        ['name', 'namespace', 'resumed', 'session', 'volume'],
      ],
    ] as const) {
      const { get, post, parameters: all } = document.paths[path];
      for (const operation of [get, post]) {
        assert.equal(operation['x-kubernetes-action'], 'connect');
        assert.deepEqual(operation['x-kubernetes-group-version-kind'], gvk);
      }
      assert.deepEqual(
        all.map(({ name }: { name: string }) => name),
        parameters,
      );
    }
  });

  for (const version of ['v2', 'v2beta1']) {
    it(`tells everything at once to those who ask for ${version}, and repeats the parameters`, async () => {
      const headers = { accept: aggregated(version) };
      const { json, headers: answered } = await api.get('/api', { headers });
      assert.equal(json.apiVersion, `apidiscovery.k8s.io/${version}`);
      assert.equal(
        answered['content-type'],
        `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
      );
      const pods = json.items[0].versions[0].resources.find(
        ({ resource }: { resource: string }) => resource === 'pods',
      );
      assert.equal(pods.scope, 'Namespaced');
      assert.ok(pods.subresources.some(({ subresource }: { subresource: string }) => subresource === 'log'));
    });
  }

  it('reads the parameters in any order (Headlamp), and prefers what the client prefers', async () => {
    const accept = 'application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList';
    assert.equal((await api.get('/apis', { headers: { accept } })).json.kind, 'APIGroupDiscoveryList');
    const legacy = await api.get('/apis', { headers: { accept: `application/json,${accept}` } });
    assert.equal(legacy.json.kind, 'APIGroupList');
  });

  it('is not sent again to those who have it', async () => {
    const accept = aggregated('v2');
    const { headers } = await api.get('/apis', { headers: { accept } });
    const again = await api.get('/apis', { headers: { accept, 'if-none-match': headers.etag ?? '' } });
    assert.deepEqual([again.code, again.text], [304, '']);
  });

  it('says which Kubernetes this speaks, and that it is Eliot', async () => {
    const { json } = await api.get('/version?timeout=32s');
    assert.deepEqual([json.major, json.minor, json.gitVersion], ['1', '35', 'v1.35.0+eliot-0.0.0']);
    assert.match(json.platform, /^linux\//);
  });

  it('has an OpenAPI document for each group-version, to be kept by its hash', async () => {
    const { json } = await api.get('/openapi/v3');
    assert.ok(json.paths['apis/coordination.k8s.io/v1']);
    const url = json.paths['api/v1'].serverRelativeURL;
    assert.match(url, /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]+$/);
    const plain = await api.get(url);
    assert.match(plain.headers['cache-control'] ?? '', /immutable/);
    const patch = plain.json.paths['/api/v1/namespaces/{namespace}/pods/{name}'].patch;
    assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group: '', version: 'v1', kind: 'Pod' });
    const zipped = await api.get(url, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(gunzipSync(zipped.body).toString(), plain.text);
    const known = await api.get(url, { headers: { 'if-none-match': plain.headers.etag ?? '' } });
    assert.equal(known.code, 304);
    const old = await api.get('/openapi/v3/api/v1?hash=OLD');
    assert.deepEqual([old.code, old.headers.location], [301, url]);
    assert.equal((await api.get('/openapi/v3/apis/nope/v1')).code, 404);
  });

  it('has an empty OpenAPI v2 document for old clients', async () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const { body, headers } = await api.get('/openapi/v2', { headers: { accept } });
    assert.equal(headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    assert.equal(body.toString('hex'), '0a03322e30120c0a076465766963656412013142004a00');
    assert.equal((await api.get('/openapi/v2', { headers: { accept: 'application/json' } })).json.swagger, '2.0');
  });

  it('is ready when every check is, and names those that are not, without their reasons', async () => {
    assert.equal((await api.get('/readyz')).text, 'ok');
    assert.match((await api.get('/readyz?verbose')).text, /^\[\+\]ping ok\n\[\+\]store ok\nreadyz check passed\n$/);
    healthy = false;
    const { code, text } = await api.get('/readyz');
    assert.deepEqual([code, text.includes('secret')], [500, false]);
    assert.match(text, /\[-\]store failed: reason withheld/);
    assert.equal((await api.get('/readyz?exclude=store')).code, 200);
    assert.equal((await api.get('/livez')).text, 'ok');
    healthy = true;
  });
});
