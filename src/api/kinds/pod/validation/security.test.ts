import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { containerErrors, podErrors } from '../../../../testing/pod-manifest.ts';

const container = (securityContext: object): readonly string[] =>
  containerErrors({ securityContext }).map((error) => error.replace(/^securityContext\.?/, ''));
const pod = (securityContext: object, spec: object = {}): readonly string[] =>
  podErrors({ securityContext, ...spec }).map((error) => error.replace('spec.securityContext.', ''));

test('users and groups are numbers from 0 to 2147483647', () => {
  const range = 'must be between 0 and 2147483647, inclusive';
  assert.deepEqual(container({ runAsUser: 0, runAsGroup: 2_147_483_647 }), []);
  assert.deepEqual(container({ runAsUser: -1 }), [`runAsUser: Invalid value: -1: ${range}`]);
  assert.deepEqual(pod({ runAsGroup: -1, fsGroup: 2_147_483_648, supplementalGroups: [0, -2] }), [
    `fsGroup: Invalid value: 2147483648: ${range}`,
    `runAsGroup: Invalid value: -1: ${range}`,
    `supplementalGroups[1]: Invalid value: -2: ${range}`,
  ]);
});

describe('privileges', () => {
  test('are taken away or given, not both', () => {
    assert.deepEqual(container({ privileged: true }), []);
    assert.deepEqual(container({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }), []);
    assert.match(
      container({ privileged: true, allowPrivilegeEscalation: false })[0] ?? '',
      /: cannot set `allowPrivilegeEscalation` to false and `privileged` to true$/,
    );
    assert.match(
      container({ allowPrivilegeEscalation: false, capabilities: { add: ['CAP_SYS_ADMIN'] } })[0] ?? '',
      /: cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN$/,
    );
  });

  test('leave /proc masked', () => {
    assert.deepEqual(container({ procMount: 'Default' }), []);
    assert.deepEqual(container({ procMount: 'Unmasked' }), [
      'procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
    ]);
    assert.deepEqual(container({ procMount: 'Open' }), [
      'procMount: Unsupported value: "Open": supported values: "Default", "Unmasked"',
    ]);
  });
});

describe('profiles', () => {
  test('of seccomp name a file exactly when they are local', () => {
    assert.deepEqual(container({ seccompProfile: { type: 'RuntimeDefault' } }), []);
    assert.deepEqual(pod({ seccompProfile: { type: 'Localhost', localhostProfile: 'a/b.json' } }), []);
    assert.deepEqual(container({ seccompProfile: {} }), ['seccompProfile.type: Required value']);
    assert.deepEqual(container({ seccompProfile: { type: 'Localhost' } }), [
      'seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ]);
    assert.deepEqual(container({ seccompProfile: { type: 'Localhost', localhostProfile: '../a' } }), [
      'seccompProfile.localhostProfile: Invalid value: "../a": must not contain \'..\'',
    ]);
    assert.match(
      container({ seccompProfile: { type: 'Unconfined', localhostProfile: 'a' } })[0] ?? '',
      /can only be set when seccomp type is Localhost$/,
    );
    assert.match(container({ seccompProfile: { type: 'Strict' } })[0] ?? '', /Unsupported value: "Strict"/);
  });

  test('of AppArmor name a profile exactly when they are local', () => {
    assert.deepEqual(container({ appArmorProfile: { type: 'Localhost', localhostProfile: 'k8s-web' } }), []);
    assert.deepEqual(container({ appArmorProfile: { type: 'Localhost' } }), [
      'appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost',
    ]);
    assert.deepEqual(container({ appArmorProfile: { type: 'Localhost', localhostProfile: ' a' } }), [
      'appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace',
    ]);
    assert.deepEqual(pod({ appArmorProfile: { type: 'RuntimeDefault', localhostProfile: 'a' } }), [
      'appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost',
    ]);
  });
});

describe('sysctls', () => {
  const sysctls = (...names: string[]): object => ({ sysctls: names.map((name) => ({ name, value: '1' })) });

  test('have the names of the kernel, each once', () => {
    assert.deepEqual(pod(sysctls('net.ipv4.ip_unprivileged_port_start', 'kernel/shm_rmid_forced')), []);
    assert.match(
      pod(sysctls('No Good'))[0] ?? '',
      /^sysctls\[0\].name: Invalid value: "No Good": must have at most 253/,
    );
    assert.deepEqual(pod(sysctls('kernel.msgmax', 'kernel.msgmax')), [
      'sysctls[1].name: Duplicate value: "kernel.msgmax"',
    ]);
  });

  test('do not reach into what is shared with the device', () => {
    assert.deepEqual(pod(sysctls('net.core.somaxconn'), { hostNetwork: true }), [
      'sysctls[0].name: Invalid value: "net.core.somaxconn": may not be specified when \'hostNetwork\' is true',
    ]);
    assert.deepEqual(pod(sysctls('kernel.shmmax'), { hostIPC: true }), [
      'sysctls[0].name: Invalid value: "kernel.shmmax": may not be specified when \'hostIPC\' is true',
    ]);
    assert.deepEqual(pod(sysctls('kernel.shmmax'), { hostNetwork: true }), []);
  });
});
