import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MountPropagation, NamespaceMode, ProfileType, Protocol } from '../../gen/cri/runtime.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { containerConfig, sandboxConfig } from '../../testing/runtime-fixtures.ts';
import { toCriContainerConfig, toCriSandboxConfig } from './cri-config.ts';

describe('CRI’s configuration', () => {
  it('always says which seccomp profile, as none means unconfined to CRI', () => {
    const sandbox = toCriSandboxConfig(sandboxConfig());
    assert.equal(sandbox.linux?.securityContext?.seccomp?.profileType, ProfileType.RUNTIME_DEFAULT);
    const container = toCriContainerConfig(containerConfig());
    assert.equal(container.linux?.securityContext?.seccomp?.profileType, ProfileType.RUNTIME_DEFAULT);
  });

  it('names a local seccomp profile by its path', () => {
    const seccomp = { type: 'Localhost', localhostRef: '/profiles/a.json' } as const;
    assert.deepEqual(toCriSandboxConfig(sandboxConfig({ seccomp })).linux?.securityContext?.seccomp, {
      profileType: ProfileType.LOCALHOST,
      localhostRef: '/profiles/a.json',
    });
  });

  it('passes masked and read-only paths and no_new_privs on', () => {
    const { security } = containerConfig();
    const paths = { maskedPaths: ['/proc/kcore'], readonlyPaths: ['/proc/sys'], noNewPrivileges: true };
    const context = toCriContainerConfig(containerConfig({ security: { ...security, ...paths } })).linux
      ?.securityContext;
    assert.deepEqual(context?.maskedPaths, ['/proc/kcore']);
    assert.deepEqual(context?.readonlyPaths, ['/proc/sys']);
    assert.equal(context?.noNewPrivs, true);
  });

  for (const [runAsUser, id, name] of [
    [undefined, undefined, ''],
    [0, 0n, ''],
    ['nobody', undefined, 'nobody'],
  ] as const) {
    it(`runs as ${runAsUser ?? 'the user of the image'}`, () => {
      const { security } = containerConfig();
      const context = toCriContainerConfig(containerConfig({ security: { ...security, runAsUser } })).linux
        ?.securityContext;
      assert.equal(context?.runAsUser?.value, id);
      assert.equal(context?.runAsUsername, name);
    });
  }

  it('shares namespaces as asked', () => {
    const namespaces = { network: 'pod', pid: 'container', ipc: 'node' } as const;
    const options = toCriSandboxConfig(sandboxConfig({ namespaces })).linux?.securityContext?.namespaceOptions;
    assert.equal(options?.network, NamespaceMode.POD);
    assert.equal(options?.pid, NamespaceMode.CONTAINER);
    assert.equal(options?.ipc, NamespaceMode.NODE);
  });

  it('refuses a hostname together with the network of the host', () => {
    assert.throws(
      () => toCriSandboxConfig(sandboxConfig({ hostname: 'web' })),
      (error) => isStatusError(error, 'Invalid'),
    );
  });

  it('carries ports, mounts and resources', () => {
    const mapping = { protocol: 'UDP', containerPort: 53, hostPort: 5353, hostIP: '127.0.0.1' } as const;
    const [port] = toCriSandboxConfig(sandboxConfig({ portMappings: [mapping] })).portMappings;
    assert.deepEqual(port, { protocol: Protocol.UDP, containerPort: 53, hostPort: 5353, hostIp: '127.0.0.1' });
    const mount = { containerPath: '/a', hostPath: '/b', readonly: true, propagation: 'Bidirectional' } as const;
    const { mounts, linux } = toCriContainerConfig(containerConfig({ mounts: [mount] }));
    assert.equal(mounts[0]?.propagation, MountPropagation.PROPAGATION_BIDIRECTIONAL);
    assert.equal(linux?.resources?.cpuShares, 2n);
    assert.equal(linux?.resources?.oomScoreAdj, 1000n);
  });
});
