import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../../testing/pods.ts';
import { kernelHostname, podDomain, podHostname } from './hostname.ts';

const named = (spec: object, name = 'web') => makePod({ metadata: { name }, spec });

describe('the host name of a pod', () => {
  it("is its own, else the pod's name cut to 63 characters that end well", () => {
    assert.equal(podHostname(named({})), 'web');
    assert.equal(podHostname(named({ hostname: 'box' })), 'box');
    assert.equal(podHostname(named({}, `${'a'.repeat(61)}-.b`)), 'a'.repeat(61));
  });

  it('has a domain when the pod has a subdomain', () => {
    assert.equal(podDomain(named({})), undefined);
    assert.equal(podDomain(named({ subdomain: 'sub' })), 'sub.default.svc.cluster.local');
  });

  it('is short for the kernel unless the full name is asked for', () => {
    const spec = { hostname: 'box', subdomain: 'sub' };
    assert.equal(kernelHostname(named(spec)), 'box');
    assert.equal(kernelHostname(named({ ...spec, setHostnameAsFQDN: true })), 'box.sub.default.svc.cluster.local');
    assert.equal(kernelHostname(named({ setHostnameAsFQDN: true })), 'web');
  });

  it('is refused when the kernel takes none so long', () => {
    const spec = { hostname: 'b'.repeat(40), subdomain: 'sub', setHostnameAsFQDN: true };
    assert.throws(() => kernelHostname(named(spec)), {
      reason: 'Invalid',
      message: /^failed to construct FQDN .* is too long \(64 characters is the max, 70 characters requested\)$/,
    });
  });

  it('is what overrides it, and then it has no domain', () => {
    const pod = named({ hostnameOverride: 'a.b', hostname: 'box', subdomain: 'sub' });
    assert.equal(podHostname(pod), 'a.b');
    assert.equal(podDomain(pod), undefined);
    assert.equal(kernelHostname(pod), 'a.b');
    assert.equal(kernelHostname(named({ hostnameOverride: 'a'.repeat(64) })), 'a'.repeat(64));
  });
});
