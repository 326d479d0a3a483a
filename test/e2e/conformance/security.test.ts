/** Conformance: security context and sysctls. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { testImage } from '../../support/device.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: security context and sysctls', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  for (const { slug, sentence, securityContext, spec, line, expected } of [
    {
      slug: 'security/run-as-user',
      sentence: "a container's runAsUser is the uid inside",
      securityContext: { runAsUser: 65_534 },
      spec: {},
      line: 'id -u',
      expected: '65534\n',
    },
    {
      slug: 'security/user-group-container',
      sentence: "a container's user and group win over the pod's",
      securityContext: { runAsUser: 1001, runAsGroup: 2002 },
      spec: { securityContext: { runAsUser: 7, runAsGroup: 8 } },
      line: 'id -u; id -g',
      expected: '1001\n2002\n',
    },
    {
      slug: 'security/user-group-pod',
      sentence: "the pod's user and group are those of its containers",
      securityContext: {},
      spec: { securityContext: { runAsUser: 1001, runAsGroup: 2002 } },
      line: 'id -u; id -g',
      expected: '1001\n2002\n',
    },
    {
      slug: 'security/unprivileged',
      sentence: 'without privilege the kernel refuses to change the network',
      securityContext: { privileged: false },
      spec: {},
      line: 'ip link add dummy0 type dummy 2>&1 || true',
      expected: 'ip: RTNETLINK answers: Operation not permitted\n',
    },
    {
      slug: 'security/writable-rootfs',
      sentence: 'the root file system can be written',
      securityContext: { readOnlyRootFilesystem: false },
      spec: {},
      line: 'echo x > /file && cat /file',
      expected: 'x\n',
    },
    {
      slug: 'security/readonly-rootfs',
      sentence: 'a read-only root file system refuses a write',
      securityContext: { readOnlyRootFilesystem: true },
      spec: {},
      line: '(echo x > /file) 2>&1 || true',
      expected: "sh: can't create /file: Read-only file system\n",
    },
    {
      slug: 'security/sysctl-apply',
      sentence: 'a safe sysctl of the pod is in force in its containers',
      securityContext: {},
      spec: { securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] } },
      line: 'sysctl kernel.shm_rmid_forced',
      expected: 'kernel.shm_rmid_forced = 1\n',
    },
  ]) {
    it(`${slug}: ${sentence}`, async () => {
      assert.equal(await on.output({ container: { securityContext }, spec, line }), expected);
    });
  }

  it('security/no-privilege-escalation: a set-uid program of root does not make another user root', async () => {
    // busybox's su needs no password here, and says when it runs without the rights of root.
    const passwd = await on.configMap({ passwd: 'root::0:0:root:/root:/bin/sh\n' });
    const suid = async (allowPrivilegeEscalation: boolean): Promise<string> =>
      on.output({
        spec: {
          volumes: [
            { name: 'bin', emptyDir: {} },
            { name: 'etc', configMap: { name: passwd } },
          ],
          initContainers: [
            {
              name: 'make',
              image: testImage,
              command: ['sh', '-c', 'cp /bin/busybox /suid/su && chmod 4755 /suid/su'],
              volumeMounts: [{ name: 'bin', mountPath: '/suid' }],
            },
          ],
        },
        container: {
          securityContext: { runAsUser: 1000, allowPrivilegeEscalation },
          volumeMounts: [
            { name: 'bin', mountPath: '/suid' },
            { name: 'etc', mountPath: '/etc/passwd', subPath: 'passwd' },
          ],
        },
        line: '/suid/su -c "id -u" 2>&1 || id -u',
      });
    assert.equal(await suid(true), '0\n');
    assert.equal(await suid(false), 'su: must be suid to work properly\n1000\n');
  });

  it('security/sysctl-reject-invalid: malformed names are refused, and only they are named', async () => {
    const sysctls = ['foo-', 'kernel.shmmax', 'safe-and-unsafe', 'bar..'].map((name) => ({ name, value: '1000' }));
    await assert.rejects(on.create({ spec: { securityContext: { sysctls } }, line: 'true' }), (error: Error) => {
      assert.match(error.message, /Invalid value: "foo-"/);
      assert.match(error.message, /Invalid value: "bar\.\."/);
      assert.doesNotMatch(error.message, /safe-and-unsafe|kernel\.shmmax/);
      return true;
    });
  });
});
