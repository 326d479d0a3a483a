import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { authorize, authorizePath } from './authz.ts';
import { authenticatedGroup, developersGroup, mastersGroup, viewersGroup } from './identity.ts';

const user = (...groups: string[]) => ({ username: 'bob', groups: [...groups, authenticatedGroup] });
const review = 'selfsubjectaccessreviews';

describe('authorization', () => {
  for (const { group, verb, resource, subresource, apiGroup = '', allowed } of [
    { group: mastersGroup, verb: 'delete', resource: 'secrets', allowed: true },
    { group: mastersGroup, verb: '*', resource: '*', allowed: true },
    { group: viewersGroup, verb: 'list', resource: 'pods', allowed: true },
    { group: viewersGroup, verb: 'watch', resource: 'events', allowed: true },
    { group: viewersGroup, verb: 'get', resource: 'pods', subresource: 'log', allowed: true },
    { group: viewersGroup, verb: 'get', resource: 'secrets', allowed: false },
    { group: viewersGroup, verb: 'list', resource: '*', allowed: false },
    { group: viewersGroup, verb: 'create', resource: 'pods', allowed: false },
    { group: viewersGroup, verb: 'get', resource: 'pods', subresource: 'exec', allowed: false },
    { group: viewersGroup, verb: 'get', resource: 'pods', subresource: 'attach', allowed: false },
    { group: viewersGroup, verb: 'get', resource: 'pods', subresource: 'portforward', allowed: false },
    {
      group: viewersGroup,
      verb: 'create',
      resource: 'pods',
      subresource: 'sync',
      apiGroup: 'eliot.run',
      allowed: false,
    },
    { group: viewersGroup, verb: 'get', resource: 'pods', subresource: 'sync', apiGroup: 'eliot.run', allowed: false },
    { group: 'others', verb: 'get', resource: 'pods', allowed: false },
    { group: 'others', verb: 'create', resource: review, apiGroup: 'authorization.k8s.io', allowed: true },
    { group: 'others', verb: 'create', resource: review, apiGroup: 'example.com', allowed: false },
  ]) {
    const what = subresource ? `${resource}/${subresource}` : resource;
    it(`${allowed ? 'lets' : 'does not let'} ${group} ${verb} ${what}`, () => {
      const wanted = { verb, group: apiGroup, resource, subresource };
      assert.equal(authorize(user(group), wanted).allowed, allowed);
    });
  }

  for (const [verb, resource, namespace, allowed, apiGroup = '', name] of [
    ['create', 'pods', 'default', true],
    ['create', 'pods/exec', 'default', true],
    ['create', 'pods/portforward', 'radio', true],
    ['create', 'pods/sync', 'default', true, 'eliot.run'],
    ['create', 'pods/sync', 'default', true],
    ['create', 'pods/sync', 'kube-system', false, 'eliot.run'],
    ['get', 'pods/log', 'kube-system', true],
    ['list', 'pods', '', true],
    ['patch', 'deployments', 'default', true, 'apps'],
    ['patch', 'deployments/scale', 'default', true, 'apps'],
    ['get', 'secrets', 'default', true],
    ['update', 'leases', 'default', true, 'coordination.k8s.io'],
    ['delete', 'images', '', true, 'eliot.run', 'a'],
    ['create', 'podsignals', 'default', true, 'eliot.run'],
    ['create', 'podsignals', 'kube-system', false, 'eliot.run'],
    ['create', 'imagearchives', '', true, 'eliot.run'],
    ['create', 'namespaces', '', true],
    ['delete', 'namespaces', '', true, '', 'radio'],
    ['patch', 'namespaces', '', false, '', 'kube-system'],
    ['get', 'secrets', 'kube-system', false],
    ['list', 'secrets', '', false],
    ['create', 'pods', 'kube-system', false],
    ['create', 'pods/exec', 'kube-system', false],
    ['create', 'serviceaccounts/token', 'kube-system', false],
    ['update', 'leases', 'kube-node-lease', false, 'coordination.k8s.io'],
    ['list', 'clients', '', false, 'eliot.run'],
    ['delete', 'clients', '', false, 'eliot.run', 'bob'],
    ['get', 'nodes', '', true],
    ['patch', 'nodes', '', false, '', 'device'],
    ['update', 'resourcequotas', 'default', false],
    ['update', 'pods/status', 'default', false],
    ['impersonate', 'users', '', false],
    ['*', 'pods', 'default', false],
  ] as const) {
    it(`${allowed ? 'lets' : 'does not let'} developers ${verb} ${resource} ${name ?? ''} in "${namespace}"`, () => {
      const [kind = '', subresource] = resource.split('/');
      const wanted = { verb, group: apiGroup, resource: kind, subresource, namespace, name };
      assert.equal(authorize(user(developersGroup), wanted).allowed, allowed);
    });
  }

  it('shows viewers no more of the people than of the secrets', () => {
    for (const verb of ['get', 'list', 'watch']) {
      assert.ok(!authorize(user(viewersGroup), { verb, group: 'eliot.run', resource: 'clients' }).allowed);
    }
  });

  it('lets everybody who is known read what is public, viewers read every path, and nobody change one', () => {
    for (const path of ['/', '/version', '/api', '/api/v1', '/openapi/v3', '/openid/v1/jwks']) {
      assert.ok(authorizePath(user(), { verb: 'get', path }).allowed, path);
    }
    for (const path of ['/metrics', '/versions', '/openid/v1', '/debug']) {
      assert.ok(!authorizePath(user(), { verb: 'get', path }).allowed, path);
      for (const group of [viewersGroup, developersGroup]) {
        assert.ok(authorizePath(user(group), { verb: 'get', path }).allowed, path);
      }
    }
    assert.ok(!authorizePath(user(), { verb: 'post', path: '/version' }).allowed);
    assert.ok(!authorizePath({ username: 'x', groups: [] }, { verb: 'get', path: '/version' }).allowed);
  });
});
