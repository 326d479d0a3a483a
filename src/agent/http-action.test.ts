import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container } from '../api/kinds/pod/types.ts';
import { httpRequest } from './http-action.ts';

const container = { name: 'web', ports: [{ name: 'http', containerPort: 80 }] } as unknown as Container;
const urlOf = (action: object, podIP = '10.85.0.2'): string =>
  httpRequest({ path: '', scheme: 'HTTP', port: 'http', ...action }, container, podIP, 'kube-probe/1.35').url;

describe('the URL that a probe or a hook asks', () => {
  for (const [what, action, url] of [
    ['has its port, also the usual one', {}, 'http://10.85.0.2:80/'],
    ['goes to another host by another scheme', { host: 'a.b', scheme: 'HTTPS', port: 443 }, 'https://a.b:443/'],
    ['has a path and a query', { path: 'healthz?deep=1' }, 'http://10.85.0.2:80/healthz?deep=1'],
    ['quotes what is no path', { path: '/a b/ü' }, 'http://10.85.0.2:80/a%20b/%C3%BC'],
    ['does not take a path for a host', { path: '//a/b' }, 'http://10.85.0.2:80//a/b'],
  ] as const) {
    it(what, () => assert.equal(urlOf(action), url));
  }

  it('puts brackets around an IPv6 address', () => {
    assert.equal(urlOf({}, 'fd00::2'), 'http://[fd00::2]:80/');
  });
});
