import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { TestApi } from '../testing/api-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';

describe('who calls', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  it('is root on the socket, and whoever the certificate names over TLS', async () => {
    const whoami = async (as: 'root' | 'admin' | 'viewer') => {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const { json } = await api.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', body, { as });
      return [json.status.userInfo.username, ...json.status.userInfo.groups];
    };
    assert.deepEqual(await whoami('root'), ['root', 'system:masters', 'system:authenticated']);
    assert.deepEqual(await whoami('admin'), ['admin', 'system:masters', 'system:authenticated']);
    assert.deepEqual(await whoami('viewer'), ['viewer', 'eliot:viewers', 'system:authenticated']);
  });

  it('is nobody without a certificate: 401 everywhere but for health', async () => {
    for (const path of [configMaps, '/version', '/api', '/nope', '/healthz', '/openapi/v3']) {
      const { code, json } = await api.get(path, { as: 'stranger' });
      assert.deepEqual([code, json.reason, json.message], [401, 'Unauthorized', 'Unauthorized'], path);
    }
    for (const path of ['/livez', '/readyz']) assert.equal((await api.get(path, { as: 'stranger' })).text, 'ok');
  });

  it('may not do what his groups do not allow, in the words of Kubernetes', async () => {
    assert.equal((await api.get(pods, { as: 'viewer' })).code, 200);
    for (const { method, path, as, message } of [
      {
        method: 'GET',
        path: '/api/v1/namespaces/default/secrets',
        as: 'viewer',
        message:
          'secrets is forbidden: User "viewer" cannot list resource "secrets" in API group "" in the namespace "default"',
      },
      {
        method: 'DELETE',
        path: `${pods}/a`,
        as: 'viewer',
        message:
          'pods "a" is forbidden: User "viewer" cannot delete resource "pods" in API group "" in the namespace "default"',
      },
      {
        method: 'GET',
        path: '/apis/coordination.k8s.io/v1/leases',
        as: 'nobody',
        message:
          'leases.coordination.k8s.io is forbidden: User "nobody" cannot list resource "leases" in API group "coordination.k8s.io" at the cluster scope',
      },
    ] as const) {
      const { code, json } = await api.send(method, path, { as });
      assert.deepEqual([code, json.reason, json.message], [403, 'Forbidden', message]);
    }
    assert.equal((await api.get('/version', { as: 'nobody' })).code, 200);
  });

  it('learns what he may do', async () => {
    const ask = async (as: 'admin' | 'viewer', resource: string) => {
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb: 'list', resource, namespace: 'default' } },
      };
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      return (await api.post(path, body, { as })).json.status.allowed;
    };
    assert.equal(await ask('admin', 'secrets'), true);
    assert.equal(await ask('viewer', 'secrets'), false);
    assert.equal(await ask('viewer', 'pods'), true);
    const body = { kind: 'SelfSubjectRulesReview', spec: { namespace: 'default' } };
    const rules = await api.post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', body, { as: 'admin' });
    assert.deepEqual(rules.json.status.resourceRules, [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]);
    const viewed = await api.post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', body, { as: 'viewer' });
    const core = viewed.json.status.resourceRules.find((rule: { apiGroups: string[] }) => rule.apiGroups[0] === '');
    for (const name of ['pods', 'pods/log', 'configmaps']) assert.ok(core.resources.includes(name), name);
    for (const name of ['secrets', 'pods/exec']) assert.ok(!core.resources.includes(name), name);
  });

  it('is refused before an upgrade, as is what does not exist', async () => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'v5.channel.k8s.io',
    };
    const path = `${pods}/a/exec?command=sh&stdout=1`;
    assert.equal((await api.get(path, { as: 'stranger', headers })).code, 401);
    assert.equal((await api.get(path, { as: 'viewer', headers })).code, 403);
    assert.equal((await api.get(path, { as: 'admin', headers })).json.message, 'pods "a" not found');
  });

  it('is nobody any more once his certificate is revoked, on open connections too', async () => {
    const watch = await api.watch(`${pods}?watch=1`, { as: 'viewer' });
    const { socket } = watch.response;
    const ended = new Promise((resolve) => watch.response.on('error', () => {}).once('close', resolve));
    const fingerprint = await clientFingerprint(api);
    api.revoke(fingerprint);
    await ended;
    assert.ok(socket.destroyed);
    assert.equal((await api.get(pods, { as: 'viewer' })).code, 401);
    assert.equal((await api.get(pods, { as: 'admin' })).code, 200);
    api.revoked.clear();
  });

  it('cannot speak less than TLS 1.3', async () => {
    const socket = connectTls({ host: '127.0.0.1', port: api.port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    const [error] = await once(socket, 'error');
    assert.match(String(error), /alert|protocol/i);
  });
});

/** The fingerprint of the viewer, as the server names it to the one who is asked about it. */
async function clientFingerprint(api: TestApi): Promise<string> {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const { json } = await api.post(path, { kind: 'SelfSubjectReview' }, { as: 'viewer' });
  const [id] = json.status.userInfo.extra['authentication.kubernetes.io/credential-id'];
  return id.replace('X509SHA256=', '');
}
