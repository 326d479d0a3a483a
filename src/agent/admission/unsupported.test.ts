import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../../testing/pods.ts';
import { nothingObserved, type ObservedPod } from '../observed-pod.ts';
import { dottedSysctl, type NodeAbilities, unsupportedVerdict } from './unsupported.ts';

const verdictOf = (
  securityContext: object,
  node: Partial<NodeAbilities> = {},
  status: object = {},
  observed: Partial<ObservedPod> = {},
) =>
  unsupportedVerdict(
    makePod({ spec: { containers: [{ name: 'web', image: 'a' }], securityContext }, status }),
    { allowedUnsafeSysctls: [], hasAppArmor: false, ...node },
    { ...nothingObserved('u1', 0), ...observed },
  );
const sysctls = (...names: readonly string[]) => ({ sysctls: names.map((name) => ({ name, value: '1' })) });

describe('a node', () => {
  it('takes sysctls that harm nobody', () => {
    assert.equal(verdictOf(sysctls('kernel.shm_rmid_forced', 'net/ipv4/tcp_syncookies')), undefined);
  });

  it('refuses any other, for good', () => {
    assert.deepEqual(verdictOf(sysctls('net.ipv4.tcp_syncookies', 'kernel.msgmax')), {
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
      event: { reason: 'SysctlForbidden', message: 'forbidden sysctl: "kernel.msgmax" not allowlisted' },
    });
  });

  it('takes those that its settings allow', () => {
    const node = { allowedUnsafeSysctls: ['kernel.msg*', 'net.core.somaxconn'] };
    assert.equal(verdictOf(sysctls('kernel.msgmax', 'net.core.somaxconn'), node), undefined);
    assert.equal(verdictOf(sysctls('net.core.somaxconn2'), node)?.reason, 'SysctlForbidden');
  });

  it('lets go on what has been started', () => {
    const status = { phase: 'Running', startTime: '2026-01-01T00:00:00Z' };
    assert.equal(verdictOf(sysctls('kernel.msgmax'), {}, status), undefined);
  });

  it('lets go on what has been started although a power cut took its status', () => {
    const sandboxes = [{ id: 's1', ready: false }] as unknown as ObservedPod['sandboxes'];
    assert.equal(verdictOf(sysctls('kernel.msgmax'), {}, {}, { sandboxes }), undefined);
  });

  it('refuses AppArmor where there is none, and profiles that it does not pass on', () => {
    const profile = (type: string) => ({ appArmorProfile: { type, localhostProfile: 'mine' } });
    const message = (type: string, hasAppArmor: boolean) => verdictOf(profile(type), { hasAppArmor })?.message;
    assert.equal(message('Unconfined', false), undefined);
    assert.match(
      message('RuntimeDefault', false) ?? '',
      /: Cannot enforce AppArmor: AppArmor is not enabled on the host$/,
    );
    assert.equal(message('RuntimeDefault', true), undefined);
    assert.match(message('Localhost', true) ?? '', /profiles of the host are not supported by this node$/);
  });

  it('refuses strict supplemental groups, which the runtime would pass over', () => {
    assert.equal(verdictOf({ supplementalGroupsPolicy: 'Merge' }), undefined);
    assert.equal(verdictOf({ supplementalGroupsPolicy: 'Strict' })?.reason, 'SupplementalGroupsPolicyNotSupported');
  });
});

for (const [name, dotted] of [
  ['net.ipv4.conf.eth0/1.x', 'net.ipv4.conf.eth0/1.x'],
  ['net/ipv4/conf/eth0.1/x', 'net.ipv4.conf.eth0/1.x'],
  ['kernel/sem', 'kernel.sem'],
]) {
  it(`a sysctl ${name} is ${dotted} to the runtime`, () => assert.equal(dottedSysctl(name ?? ''), dotted));
}
