import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { tokenRequestFields } from '../../api/kinds/token-reviews.ts';
import { nodes, secrets, serviceAccounts } from '../../api/resources.ts';
import { TestApi } from '../../testing/api-server.ts';
import { encodeEnvelope, encodeProtobuf } from '../../testing/encode-protobuf.ts';
import { pod } from '../../testing/registry.ts';
import { issuer } from '../tokens/service-account-tokens.ts';

const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
const apiVersion = 'authentication.k8s.io/v1';

describe('asking for a token', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
    for (const name of ['robot', 'other']) {
      await api.client.create(serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { namespace: 'default', name },
      });
    }
    await api.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'device' } });
    await api.client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'default', name: 'key' },
    });
    await api.post('/api/v1/namespaces/default/pods', pod('web', { serviceAccountName: 'robot' }));
  });
  after(() => api.stop());

  const ask = (spec: object = {}, more: object = {}) =>
    api.post(path, { apiVersion, kind: 'TokenRequest', spec, ...more });
  const as = (token: string) => ({ as: 'stranger' as const, headers: { authorization: `Bearer ${token}` } });

  it('gives one that opens the doors of its account, in the form that was sent', async () => {
    const { code, json } = await ask();
    assert.equal(code, 201);
    assert.deepEqual(json.spec, { audiences: [issuer], expirationSeconds: 3600 });
    assert.equal(json.status.expirationTimestamp, '2026-11-22T11:00:00Z');
    assert.deepEqual([json.metadata.name, json.metadata.namespace], ['robot', 'default']);
    const { token } = json.status;
    const me = await api.post(
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { apiVersion, kind: 'SelfSubjectReview' },
      as(token),
    );
    assert.equal(me.json.status.userInfo.username, 'system:serviceaccount:default:robot');
    assert.equal((await api.get('/version', as(token))).code, 200);
    assert.equal((await api.get('/api/v1/namespaces/default/pods', as(token))).code, 403);
    assert.equal((await api.get('/version', as(`${token}x`))).code, 401);
  });

  it('can be done in protobuf, as kubectl does', async () => {
    const spec = { audiences: ['vault'], expirationSeconds: 600 };
    const body = encodeEnvelope(apiVersion, 'TokenRequest', encodeProtobuf(tokenRequestFields, { metadata: {}, spec }));
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    const { code, json } = await api.post(path, Buffer.from(body), { headers });
    assert.deepEqual([code, json.spec], [201, spec]);
  });

  it('binds it to a pod, a Secret or a node, whose uid it learns', async () => {
    for (const [kind, name] of [
      ['Pod', 'web'],
      ['Secret', 'key'],
      ['Node', 'device'],
    ]) {
      const { json } = await ask({ boundObjectRef: { apiVersion: 'v1', kind, name } });
      const claims = JSON.parse(Buffer.from(json.status.token.split('.')[1], 'base64url').toString())['kubernetes.io'];
      assert.equal(claims[kind?.toLowerCase() ?? ''].name, name);
      assert.match(claims[kind?.toLowerCase() ?? ''].uid, /^[0-9a-f-]{36}$/);
      if (kind === 'Pod') assert.equal(claims.node.name, 'device');
    }
  });

  for (const { what, spec, more, code, message } of [
    {
      what: 'less than ten minutes',
      spec: { expirationSeconds: 599 },
      code: 422,
      message:
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    },
    {
      what: 'more than 2^32 seconds',
      spec: { expirationSeconds: 2 ** 32 + 1 },
      code: 422,
      message: /may not specify a duration larger than 2\^32 seconds/,
    },
    {
      what: 'the name of another account',
      more: { metadata: { name: 'other' } },
      code: 422,
      message: /metadata.name: Invalid value: "other": must match the service account name if specified/,
    },
    {
      what: 'a pod of another account',
      spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'others' } },
      code: 400,
      message: 'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
    },
    {
      what: 'a pod that does not exist',
      spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'nope' } },
      code: 404,
      message: 'pods "nope" not found',
    },
    {
      what: 'another uid',
      spec: { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'key', uid: 'u' } },
      code: 409,
      message: /the UID in the bound object reference \(u\) does not match the UID in record/,
    },
    {
      what: 'a kind that cannot be bound to',
      spec: { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } },
      code: 400,
      message: 'cannot bind token to object of type v1, Kind=ConfigMap',
    },
  ] as const) {
    it(`is refused for ${what}`, async () => {
      await api.post('/api/v1/namespaces/default/pods', pod('others', { serviceAccountName: 'other' }));
      const { code: answered, json } = await ask(spec, more);
      assert.equal(answered, code, json.message);
      if (typeof message === 'string') assert.equal(json.message, message);
      else assert.match(json.message, message);
    });
  }

  it('is refused for an account that does not exist, and for those who may not', async () => {
    const nobody = path.replace('robot', 'nobody');
    const body = { apiVersion, kind: 'TokenRequest', spec: {} };
    assert.equal((await api.post(nobody, body)).json.message, 'serviceaccounts "nobody" not found');
    assert.equal((await api.post(path, body, { as: 'viewer' })).code, 403);
    assert.equal((await api.get(path)).code, 405);
  });
});

describe('asking whose token it is', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
    await api.client.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'default', name: 'robot' },
    });
  });
  after(() => api.stop());

  const review = (spec: object, as: 'root' | 'viewer' = 'root') =>
    api.post('/apis/authentication.k8s.io/v1/tokenreviews', { apiVersion, kind: 'TokenReview', spec }, { as });

  it('tells the account and the audiences, or what is wrong with it', async () => {
    const { json } = await api.post(path, { apiVersion, kind: 'TokenRequest', spec: {} });
    const { status } = (await review({ token: json.status.token })).json;
    assert.deepEqual([status.authenticated, status.audiences], [true, [issuer]]);
    assert.equal(status.user.username, 'system:serviceaccount:default:robot');
    assert.deepEqual((await review({ token: 'nonsense' })).json.status, {});
    const other = (await review({ token: json.status.token, audiences: ['vault'] })).json.status;
    assert.match(other.error, /is invalid for the target audiences \["vault"\]/);
  });

  it('needs a token, and the right to ask', async () => {
    const { code, json } = await review({});
    assert.deepEqual([code, json.message], [400, 'token is required for TokenReview in authentication']);
    assert.equal((await review({ token: 'x' }, 'viewer')).code, 403);
  });
});

describe('asking how tokens can be checked', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
  });
  after(() => api.stop());

  it('tells issuer and keys to everybody who is known, under the address that he has used', async () => {
    const { json, headers } = await api.get('/.well-known/openid-configuration', { as: 'nobody' });
    assert.equal(json.issuer, issuer);
    assert.equal(json.jwks_uri, `https://127.0.0.1:${api.port}/openid/v1/jwks`);
    assert.equal(headers['cache-control'], 'public, max-age=3600');
    const keys = await api.get('/openid/v1/jwks', { as: 'nobody' });
    assert.equal(keys.headers['content-type'], 'application/jwk-set+json');
    assert.equal('d' in keys.json.keys[0], false, 'the private half stays here');
    assert.deepEqual(keys.json, { keys: [api.tokens.key.jwk] });
    assert.equal((await api.get('/openid/v1/jwks', { as: 'stranger' })).code, 401);
    assert.equal((await api.get('/openid/v1/nope')).code, 404);
  });
});
