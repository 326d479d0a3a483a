import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePath } from './request-path.ts';

describe('a path', () => {
  for (const { path, group = '', namespace, resource, name, subresource } of [
    { path: '/api/v1/pods', resource: 'pods' },
    { path: '/api/v1/nodes/device/', resource: 'nodes', name: 'device' },
    { path: '/api/v1/nodes/device/status', resource: 'nodes', name: 'device', subresource: 'status' },
    { path: '/api/v1/namespaces', resource: 'namespaces' },
    { path: '/api/v1/namespaces/a', resource: 'namespaces', name: 'a' },
    { path: '/api/v1/namespaces/a/finalize', resource: 'namespaces', name: 'a', subresource: 'finalize' },
    { path: '/api/v1/namespaces/a/pods', namespace: 'a', resource: 'pods' },
    { path: '/api/v1/namespaces/a/pods/b', namespace: 'a', resource: 'pods', name: 'b' },
    { path: '/api/v1/namespaces/a/pods/b/log', namespace: 'a', resource: 'pods', name: 'b', subresource: 'log' },
    { path: '/api/v1/nodes/a%2Fb', resource: 'nodes', name: 'a/b' },
    {
      path: '/apis/coordination.k8s.io/v1/namespaces/a/leases/b',
      group: 'coordination.k8s.io',
      namespace: 'a',
      resource: 'leases',
      name: 'b',
    },
  ]) {
    it(`${path} is about ${[group, resource, namespace, name, subresource].filter(Boolean).join(' ')}`, () => {
      assert.deepEqual(parsePath(path), {
        type: 'resource',
        group,
        version: 'v1',
        resource,
        namespace,
        name,
        subresource,
      });
    });
  }

  for (const [path, other] of [
    ['/', '/'],
    ['/api/', '/api'],
    ['/api/v1', '/api/v1'],
    ['/apis/a/v1/', '/apis/a/v1'],
    ['/livez', '/livez'],
  ]) {
    it(`${path} is no resource`, () => assert.deepEqual(parsePath(path ?? ''), { type: 'other', path: other }));
  }

  for (const path of ['/api/v1/namespaces/a/pods/b/c/d', '/api/v1/nodes/a/b/c', '/api/v1/%zz']) {
    it(`${path} leads nowhere`, () => assert.equal(parsePath(path), undefined));
  }
});
