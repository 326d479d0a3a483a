import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { serviceAccounts } from '../api/resources.ts';
import { type Caller, TestApi } from '../testing/api-server.ts';

const authorization = 'authorization.k8s.io/v1';

describe('acting as somebody else', () => {
  let api: TestApi;
  before(async () => {
    api = await TestApi.start();
    await api.client.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace: 'default', name: 'viewer', annotations: { 'eliot.run/role': 'view' } },
    });
  });
  after(() => api.stop());

  const whoami = async (headers: Readonly<Record<string, string>>, as: Caller = 'admin') => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const answer = await api.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', body, { as, headers });
    return answer.code === 201 ? answer.json.status.userInfo : answer.json.message;
  };

  it('makes one that user, with the groups that are named', async () => {
    assert.deepEqual(await whoami({ 'impersonate-user': 'jane', 'impersonate-group': 'dev' }), {
      username: 'jane',
      groups: ['dev', 'system:authenticated'],
    });
    assert.deepEqual(
      await whoami({ 'impersonate-user': 'jane', 'impersonate-uid': '7', 'impersonate-extra-a%2fb': 'c' }),
      { username: 'jane', uid: '7', groups: ['system:authenticated'], extra: { 'a/b': ['c'] } },
    );
  });

  it('makes one a service account with its groups and its role', async () => {
    assert.deepEqual(await whoami({ 'impersonate-user': 'system:serviceaccount:default:viewer' }), {
      username: 'system:serviceaccount:default:viewer',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated', 'eliot:viewers'],
    });
  });

  it('is for those who may, and needs a user', async () => {
    assert.equal(
      await whoami({ 'impersonate-user': 'jane' }, 'viewer'),
      'users "jane" is forbidden: User "viewer" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    assert.equal(
      await whoami({ 'impersonate-user': 'system:serviceaccount:kube-system:boss' }, 'nobody'),
      'serviceaccounts "boss" is forbidden: User "nobody" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "kube-system"',
    );
    assert.match(await whoami({ 'impersonate-group': 'system:masters' }), /without impersonating a user/);
    assert.equal(await whoami({ 'impersonate-user': 'jane' }, 'stranger'), 'Unauthorized');
  });

  it('is asked about by reviews, which give the same answer', async () => {
    const ask = async (kind: string, user: string, resource: string, groups: readonly string[] = []) => {
      const namespace = kind === 'LocalSubjectAccessReview' ? '/namespaces/default' : '';
      const spec = { user, groups, resourceAttributes: { verb: 'list', resource, namespace: 'default' } };
      const path = `/apis/${authorization}${namespace}/${kind.toLowerCase()}s`;
      return (await api.post(path, { apiVersion: authorization, kind, spec })).json;
    };
    for (const kind of ['SubjectAccessReview', 'LocalSubjectAccessReview']) {
      const viewer = 'system:serviceaccount:default:viewer';
      assert.deepEqual((await ask(kind, viewer, 'pods')).status, {
        allowed: true,
        reason: 'member of eliot:viewers',
      });
      assert.deepEqual((await ask(kind, viewer, 'secrets')).status, { allowed: false });
      assert.deepEqual((await ask(kind, 'jane', 'pods')).status, { allowed: false });
      assert.equal((await ask(kind, 'jane', 'pods', ['system:masters'])).status.allowed, true);
    }
    assert.match(
      (await ask('SubjectAccessReview', '', 'pods')).message,
      /at least one of user or group must be specified/,
    );
  });

  it('keeps a local review to its namespace', async () => {
    const path = `/apis/${authorization}/namespaces/default/localsubjectaccessreviews`;
    const post = (metadata: object, spec: object) =>
      api.post(path, { apiVersion: authorization, kind: 'LocalSubjectAccessReview', metadata, spec });
    const other = { user: 'jane', resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'kube-system' } };
    assert.match(
      (await post({}, other)).json.message,
      /spec.resourceAttributes.namespace.*must match metadata.namespace/,
    );
    assert.equal((await post({ namespace: 'kube-system' }, other)).code, 400);
    const pathOnly = { user: 'jane', nonResourceAttributes: { verb: 'get', path: '/version' } };
    assert.match((await post({}, pathOnly)).json.message, /disallowed on this kind of request/);
  });
});
