import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { clientKind } from '../api/kinds/client.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { TestApi, webSocketHeaders } from '../testing/api-server.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { writeContext } from '../testing/registry.ts';
import { createAuthenticate } from './authn.ts';
import { systemUser } from './identity.ts';
import { Registry } from './registry.ts';

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
      const { username, groups, extra, ...rest } = json.status.userInfo;
      assert.deepEqual(rest, {});
      assert.equal(extra === undefined, as === 'root');
      return [username, ...groups];
    };
    assert.deepEqual(await whoami('root'), ['root', 'system:masters', 'system:authenticated']);
    assert.deepEqual(await whoami('admin'), ['admin', 'system:masters', 'system:authenticated']);
    assert.deepEqual(await whoami('viewer'), ['viewer', 'eliot:viewers', 'system:authenticated']);
  });

  it('is root on the device on the socket only, and only as himself', async () => {
    const ask = async (listener: 'tls' | 'unix', as: Record<string, string[]>) => {
      const authenticate = createAuthenticate({
        issuedClients: { has: () => false, onRevoked: () => () => {} },
        tokens: { authenticate: async () => ({ kind: 'Good', user: systemUser('ann'), audiences: [] }) },
        roleGroupsOf: async () => [],
      });
      const headers = { authorization: 'Bearer x' };
      return authenticate(listener, { socket: new Socket(), headers, headersDistinct: as });
    };
    const asRoot = { 'impersonate-user': ['root'], 'impersonate-group': ['system:masters'] };
    assert.equal((await ask('unix', {})).user.isLocalRoot, true);
    assert.equal((await ask('unix', asRoot)).user.isLocalRoot, undefined);
    assert.equal((await ask('tls', {})).user.isLocalRoot, undefined);
    const { user, impersonator } = await ask('tls', asRoot);
    assert.deepEqual([user.username, user.isLocalRoot, impersonator?.username], ['root', undefined, 'ann']);
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
    const path = `${pods}/a/exec?command=sh&stdout=1`;
    assert.equal((await api.get(path, { as: 'stranger', headers: webSocketHeaders })).code, 401);
    assert.equal((await api.get(path, { as: 'viewer', headers: webSocketHeaders })).code, 403);
    assert.equal((await api.get(path, { as: 'admin', headers: webSocketHeaders })).json.message, 'pods "a" not found');
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

  it('hears that his own certificate is revoked when he did it, before his connection ends', async () => {
    const registry = new Registry({
      store: new MemoryStore(),
      clock: new FakeClock(),
      nodeName: 'device',
      deletionStep: async (_deletion, proceed) => {
        const result = await proceed();
        revoking.revoke(fingerprint);
        return result;
      },
    });
    const revoking = await TestApi.start({ registry });
    const fingerprint = await clientFingerprint(revoking, 'admin');
    try {
      const spec = { user: 'admin', fingerprint };
      const client = { apiVersion: 'eliot.run/v1alpha1', kind: 'Client', metadata: { name: 'admin' }, spec };
      await registry.createOwn(clientKind, client, writeContext());
      const other = await revoking.watch(`${pods}?watch=1`, { as: 'admin' });
      const request = await revoking.open('DELETE', '/apis/eliot.run/v1alpha1/clients/admin', {
        as: 'admin',
        headers: { connection: 'keep-alive' },
      });
      request.end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, 200);
      response.resume();
      await once(response.socket, 'close');
      assert.equal(await other.next(), undefined);
      assert.equal((await revoking.get(pods, { as: 'admin' })).code, 401);
    } finally {
      await revoking.stop();
    }
  });

  it('tells who wants to know which client came, and from where', async () => {
    const seen: string[] = [];
    const watched = await TestApi.start({
      authn: {
        issuedClients: { has: () => true, onRevoked: () => () => {} },
        clientSeen: (...args) => seen.push(args.join(' ')),
      },
    });
    try {
      await watched.get(pods, { as: 'viewer' });
      await watched.get(pods, { as: 'stranger' });
      await watched.get(pods);
    } finally {
      await watched.stop();
    }
    assert.deepEqual(
      seen.map((each) => each.replace(/^[0-9a-f]{64}/, 'FINGERPRINT')),
      ['FINGERPRINT 127.0.0.1'],
    );
  });

  it('cannot speak less than TLS 1.3', async () => {
    const socket = connectTls({ host: '127.0.0.1', port: api.port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    const [error] = await once(socket, 'error');
    assert.match(String(error), /alert|protocol/i);
  });
});

/** The fingerprint of the viewer, as the server names it to the one who is asked about it. */
async function clientFingerprint(api: TestApi, as: 'viewer' | 'admin' = 'viewer'): Promise<string> {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const { json } = await api.post(path, { kind: 'SelfSubjectReview' }, { as });
  const [id] = json.status.userInfo.extra['authentication.kubernetes.io/credential-id'];
  return id.replace('X509SHA256=', '');
}
