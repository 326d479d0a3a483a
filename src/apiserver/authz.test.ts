import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { authorize, authorizePath } from './authz.ts';
import { authenticatedGroup, mastersGroup, viewersGroup } from './identity.ts';

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

  it('lets everybody who is known read what is public, viewers read every path, and nobody change one', () => {
    for (const path of ['/', '/version', '/api', '/api/v1', '/openapi/v3', '/openid/v1/jwks']) {
      assert.ok(authorizePath(user(), { verb: 'get', path }).allowed, path);
    }
    for (const path of ['/metrics', '/versions', '/openid/v1', '/debug']) {
      assert.ok(!authorizePath(user(), { verb: 'get', path }).allowed, path);
      assert.ok(authorizePath(user(viewersGroup), { verb: 'get', path }).allowed, path);
    }
    assert.ok(!authorizePath(user(), { verb: 'post', path: '/version' }).allowed);
    assert.ok(!authorizePath({ username: 'x', groups: [] }, { verb: 'get', path: '/version' }).allowed);
  });
});
