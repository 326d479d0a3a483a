/** Conformance: security context and sysctls. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../../src/api/kinds/pod/types.ts';
import { runtimeClasses } from '../../../src/api/resources.ts';
import { testImage } from '../../support/device.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';

describe('conformance: security context and sysctls', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  let directory: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'eliot-security-'));
    writeFileSync(join(directory, 'eliotd.yaml'), 'allowedUnsafeSysctls: ["kernel.msg*"]\n');
    on = await ScenarioDevice.start({ args: ['--config', join(directory, 'eliotd.yaml')] });
    const noMkdir = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
    };
    mkdirSync(join(on.device.dataDir, 'seccomp/profiles'), { recursive: true });
    writeFileSync(join(on.device.dataDir, 'seccomp/profiles/no-mkdir.json'), JSON.stringify(noMkdir));
  });
  after(async () => {
    await on?.close();
    rmSync(directory, { recursive: true, force: true });
  });

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

  it('an unsafe sysctl fails the pod on the node, and is fine when the settings allow it', async () => {
    const withSysctl = (name: string) => ({ spec: { securityContext: { sysctls: [{ name, value: '70000' }] } } });
    const { pod } = await on.failed({ ...withSysctl('kernel.shmmax'), line: 'true' });
    assert.equal(pod.status.phase, 'Failed');
    assert.equal(pod.status.reason, 'SysctlForbidden');
    assert.equal(pod.status.message, 'Pod was rejected: forbidden sysctl: "kernel.shmmax" not allowlisted');
    const printed = await on.output({ ...withSysctl('kernel.msgmax'), line: 'sysctl -n kernel.msgmax' });
    assert.equal(printed, '70000\n');
  });

  for (const { sentence, spec = {}, securityContext, message } of [
    {
      sentence: 'runAsNonRoot refuses an image of root',
      securityContext: { runAsNonRoot: true },
      message:
        /^container has runAsNonRoot and image will run as root \(pod: "pod-\d+_default\([\da-f-]+\)", container: main\)$/,
    },
    {
      sentence: "runAsNonRoot refuses the pod's runAsUser 0",
      spec: { securityContext: { runAsUser: 0, runAsNonRoot: true } },
      securityContext: {},
      message:
        /^container's runAsUser breaks non-root policy \(pod: "pod-\d+_default\([\da-f-]+\)", container: main\)$/,
    },
  ]) {
    it(`${sentence}, in the kubelet's words`, async () => {
      const name = await on.create({ spec, container: { securityContext }, line: 'true' });
      const waitingOf = ({ status }: Pod) => status.containerStatuses?.[0]?.state?.waiting;
      const pod = await on.until(name, 'held', (seen) => waitingOf(seen)?.message !== undefined);
      assert.equal(waitingOf(pod)?.reason, 'CreateContainerConfigError');
      assert.match(waitingOf(pod)?.message ?? '', message);
      await on.delete(name);
    });
  }

  for (const { sentence, spec = {}, securityContext = {}, line, expected } of [
    {
      sentence: 'runAsNonRoot takes a user that is not root',
      securityContext: { runAsNonRoot: true, runAsUser: 1000 },
      line: 'id -u',
      expected: '1000\n',
    },
    {
      sentence: 'supplementalGroups and fsGroup are groups of every process',
      spec: { securityContext: { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000], fsGroup: 2000 } },
      line: 'id -G | tr " " "\\n" | sort | xargs',
      expected: '2000 3000 4000\n',
    },
    {
      sentence: 'a capability that is added may be used',
      securityContext: { capabilities: { add: ['NET_ADMIN'] } },
      line: 'ip link set lo mtu 1000 && ip link show lo | grep -c "mtu 1000"',
      expected: '1\n',
    },
    {
      sentence: 'no capability is left when all are dropped',
      securityContext: { capabilities: { drop: ['ALL'] } },
      line: 'grep CapEff /proc/self/status',
      expected: 'CapEff:\t0000000000000000\n',
    },
    {
      sentence: 'a seccomp profile of the device is in force',
      securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'profiles/no-mkdir.json' } },
      line: 'mkdir /made 2>&1; touch /touched && echo touched',
      expected: "mkdir: can't create directory '/made': Operation not permitted\ntouched\n",
    },
    {
      sentence: 'seccomp is on unless it is said otherwise',
      line: 'grep Seccomp: /proc/self/status',
      expected: 'Seccomp:\t2\n',
    },
    {
      sentence: 'seccomp is off for Unconfined',
      securityContext: { seccompProfile: { type: 'Unconfined' } },
      line: 'grep Seccomp: /proc/self/status',
      expected: 'Seccomp:\t0\n',
    },
  ] as const) {
    it(sentence, async () => {
      assert.equal(await on.output({ container: { securityContext }, spec, line }), expected);
    });
  }

  for (const { what, spec = {}, securityContext = {}, message } of [
    { what: 'hostUsers: false', spec: { hostUsers: false }, message: /spec\.hostUsers: Forbidden: user namespaces/ },
    {
      what: 'an unmasked /proc',
      securityContext: { procMount: 'Unmasked' },
      message: /procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`/,
    },
  ]) {
    it(`${what} is refused: the runtime would pass over it`, async () => {
      await assert.rejects(on.create({ spec, container: { securityContext }, line: 'true' }), { message });
    });
  }

  it('a RuntimeClass whose handler the device has runs the pod, any other keeps it waiting and says why', async () => {
    const classOf = async (handler: string): Promise<string> => {
      const name = on.name('class');
      await on.client.create(runtimeClasses, {
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        metadata: { name },
        handler,
      });
      return name;
    };
    assert.equal(await on.output({ spec: { runtimeClassName: await classOf('runc') }, line: 'echo ran' }), 'ran\n');
    const name = await on.create({ spec: { runtimeClassName: await classOf('none-such') }, line: 'true' });
    await waitFor('FailedCreatePodSandBox', async () => {
      const { stdout } = await on.device.kubectlOk(['describe', 'pod', name]);
      return /FailedCreatePodSandBox .*no runtime for "none-such" is configured/.test(stdout);
    });
    await on.delete(name);
  });
});
