/**
 * A device on a whole machine: systemd, cgroup v2 and the unit of `packaging/`. Pods have their network and their
 * limits, and outlive whatever happens to eliotd; after a reboot they are all there again, whatever the clock says.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { shellPod } from '../support/device.ts';
import { whyNoGuest } from '../support/vm/guest.ts';
import { VmDevice } from '../support/vm/vm-device.ts';
import { waitFor } from '../support/wait.ts';

const steady = ['steady-1', 'steady-2', 'steady-3'];
const markedPod = (name: string): object =>
  shellPod(name, `trap 'exit 0' TERM; while true; do sleep 1; done; : ${name}`);

describe('a device with systemd and cgroup v2', { skip: whyNoGuest() }, () => {
  let device: VmDevice;
  before(async () => {
    device = await VmDevice.install();
    await device.create(...steady.map(markedPod));
    await device.waitUntilReady(...steady);
  });
  after(() => device?.close());

  /** Process id of each steady pod; they run once. */
  const pidsOfSteady = async (): Promise<Record<string, string>> => {
    const pids: Record<string, string> = {};
    for (const name of steady) {
      const [pid, ...others] = await device.runsOf(name);
      assert.ok(
        pid !== undefined && others.length === 0,
        `${name} runs once, not ${others.length + (pid ? 1 : 0)} times`,
      );
      pids[name] = pid;
    }
    return pids;
  };
  /** Text of a file in the cgroup of a container, or of its pod with `isPod`. */
  const inCgroup = (marker: string, file: string, isPod = false): Promise<string> =>
    device.guest.shellOk(`
      pid=$(pgrep -f -- '^sh -c .*: ${marker}$' | head -1)
      cat "/sys/fs/cgroup$(cut -d: -f3 /proc/$pid/cgroup)${isPod ? '/..' : ''}/${file}"`);

  it('has only cgroup v2', async () => {
    assert.equal(await device.guest.shellOk('stat -f -c %T /sys/fs/cgroup'), 'cgroup2fs');
    assert.equal(await device.guest.shellOk('cat /proc/1/comm'), 'systemd');
  });

  it('gives every pod an address of its own, from which it reaches the others and the node', async () => {
    const { podIP } = (await device.pod('steady-1')).status;
    assert.match(podIP ?? '', /^10\.85\./);
    const node = '10.85.0.1';
    for (const target of [podIP ?? '', node]) {
      await device.kubectlOk(['exec', 'steady-2', '--', 'ping', '-c', '1', '-W', '10', target]);
    }
    await device.create(shellPod('greeting', 'nc -ll -p 8080 -e echo hello'));
    await device.waitUntilReady('greeting');
    const address = (await device.pod('greeting')).status.podIP ?? '';
    assert.equal(
      await device.guest.shellOk(
        `for try in $(seq 20); do timeout 30 cat </dev/tcp/${address}/8080 && exit; sleep 1; done; exit 1`,
      ),
      'hello',
    );
    const { stdout } = await device.kubectlOk(['exec', 'steady-2', '--', 'nc', '-w', '10', address, '8080']);
    assert.equal(stdout, 'hello\n');
    await device.kubectlOk(['delete', 'pod', 'greeting', '--now']);
  });

  it('ends a container that takes more memory than its limit, and says OOMKilled', async () => {
    const grow = "trap '' TERM; x=0123456789abcdef; while true; do x=$x$x; done";
    const container = {
      name: 'main',
      image: 'eliot.test/busybox:1',
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', grow],
      resources: { limits: { memory: '24Mi' } },
    };
    await device.create(shellPod('greedy', '', { containers: [container], restartPolicy: 'Never' }));
    const pod = await device.waitForPod('greedy', 'OOMKilled', ({ status }) => {
      return status.containerStatuses?.[0]?.state?.terminated?.reason === 'OOMKilled';
    });
    assert.equal(pod.status.phase, 'Failed');
    assert.equal(pod.status.containerStatuses?.[0]?.state?.terminated?.exitCode, 137);
    await device.kubectlOk(['delete', 'pod', 'greedy', '--now']);
  });

  it('holds a container to its share of the processor', async () => {
    const container = {
      name: 'main',
      image: 'eliot.test/busybox:1',
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', 'while true; do true; done; : busy'],
      resources: { limits: { cpu: '100m' }, requests: { cpu: '50m', memory: '8Mi' } },
    };
    await device.create(shellPod('busy', '', { containers: [container] }));
    await device.waitUntilReady('busy');
    assert.equal(await inCgroup('busy', 'cpu.max'), '10000 100000');
    // A weight of v2 for 50 thousandths: 1 + (51 - 2) * 9999 / 262142.
    assert.equal(await inCgroup('busy', 'cpu.weight'), '2');
    const used = async (): Promise<number> =>
      Number(/^usage_usec (\d+)/m.exec(await inCgroup('busy', 'cpu.stat'))?.[1]);
    const uptime = async (): Promise<number> => Number((await device.guest.shellOk('cat /proc/uptime')).split(' ')[0]);
    const [usedBefore, before] = [await used(), await uptime()];
    await waitFor('ten seconds of the guest', async () => (await uptime()) - before > 10, {
      timeoutMs: 120_000,
      intervalMs: 1_000,
    });
    const [usedAfter, now] = [await used(), await uptime()];
    const share = (usedAfter - usedBefore) / 1e6 / (now - before);
    assert.ok(share > 0.01 && share < 0.15, `it took ${share} of a processor`);
    await device.kubectlOk(['delete', 'pod', 'busy', '--now']);
  });

  it('writes the pod’s limits into the pod’s own group', async () => {
    const container = {
      name: 'main',
      image: 'eliot.test/busybox:1',
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', "trap 'exit 0' TERM; while true; do sleep 1; done; : limited"],
      resources: { limits: { cpu: '250m', memory: '40Mi' } },
    };
    await device.create(shellPod('limited', '', { containers: [container] }));
    await device.waitUntilReady('limited');
    for (const isPod of [false, true]) {
      assert.equal(await inCgroup('limited', 'memory.max', isPod), String(40 * 1024 * 1024));
      assert.equal(await inCgroup('limited', 'cpu.max', isPod), '25000 100000');
    }
    await device.kubectlOk(['delete', 'pod', 'limited', '--now']);
    await waitFor(
      'no group of the pod to be left',
      async () =>
        (await device.guest.shellOk('find /sys/fs/cgroup -type d -name "pod*" | wc -l')) === String(steady.length),
      { timeoutMs: 120_000, intervalMs: 1_000 },
    );
  });

  it('keeps a pod from taking all process ids', async () => {
    // As docs/user/install-as-a-service.md says how settings are given.
    await device.guest.shellOk(`
      echo 'podPidsLimit: 40' >>/etc/eliot/eliotd.yaml
      systemctl restart eliotd`);
    await device.ready();
    const line = 'i=0; while [ $i -lt 100 ]; do sleep 1000 & i=$((i+1)); done; echo all; wait';
    await device.create(shellPod('forking', line, { restartPolicy: 'Never' }));
    await device.waitForPod('forking', 'Failed', ({ status }) => status.phase === 'Failed');
    assert.match((await device.kubectlOk(['logs', 'forking'])).stdout, /can't fork/);
    await device.kubectlOk(['delete', 'pod', 'forking', '--now']);
  });

  it('keeps the limits when systemd reads its units again', async () => {
    await device.guest.shellOk('systemctl daemon-reload; systemctl restart systemd-journald');
    for (const controller of ['cpu', 'memory', 'pids']) {
      assert.match(await device.guest.shellOk('cat /sys/fs/cgroup/cgroup.subtree_control'), new RegExp(controller));
      assert.match(await inCgroup('steady-1', 'cgroup.controllers'), new RegExp(controller));
    }
  });

  it('keeps its pods over a restart of eliotd', async () => {
    const pids = await pidsOfSteady();
    await device.guest.shellOk('systemctl restart eliotd');
    await device.ready();
    await device.waitUntilReady(...steady);
    assert.deepEqual(await pidsOfSteady(), pids);
    for (const { status } of await device.pods()) assert.equal(status.containerStatuses?.[0]?.restartCount, 0);
  });

  it('keeps its pods while eliotd is stopped, and after it was killed', async () => {
    const pids = await pidsOfSteady();
    await device.guest.shellOk('systemctl stop eliotd');
    assert.deepEqual(await pidsOfSteady(), pids);
    await device.guest.shellOk('systemctl start eliotd');
    await device.ready();
    await device.guest.shellOk('systemctl kill -s KILL --kill-who=main eliotd');
    await device.ready();
    await device.waitUntilReady(...steady);
    assert.deepEqual(await pidsOfSteady(), pids);
  });

  it('is not killed for what its pods or its containerd do', async () => {
    assert.equal(
      await device.guest.shellOk('cat /proc/$(systemctl show -p MainPID --value eliotd)/oom_score_adj'),
      '-999',
    );
    // Pods are the first to go: they do not inherit eliotd's protection.
    const [pid] = await device.runsOf('steady-1');
    assert.equal(await device.guest.shellOk(`cat /proc/${pid}/oom_score_adj`), '1000');
  });

  it('starts every pod again after a reboot', async () => {
    await device.guest.reboot();
    await device.ready();
    await device.waitUntilReady(...steady);
    await pidsOfSteady();
  });

  for (const [what, clock] of [
    ['ten years slow', '2016-11-28T00:00:00'],
    ['ten years fast', '2036-11-28T00:00:00'],
    ['in the hour after the epoch', '1970-01-01T01:00:00'],
  ] as const) {
    it(`changes nothing when the clock is ${what}`, async () => {
      const before = (await device.pods()).map(({ metadata }) => metadata.uid).sort();
      await device.guest.reboot({ clock });
      assert.equal(await device.guest.shellOk('date -u +%Y'), clock.slice(0, 4));
      await device.ready();
      await device.waitUntilReady(...steady);
      await pidsOfSteady();
      assert.deepEqual((await device.pods()).map(({ metadata }) => metadata.uid).sort(), before);
      await device.create(markedPod('made-then'));
      await device.waitUntilReady('made-then');
      await device.kubectlOk(['delete', 'pod', 'made-then', '--now']);
    });
  }

  it('runs its pods on a kernel that counts no memory', async () => {
    await device.guest.reboot({ kernel: 'cgroup_disable=memory' });
    assert.doesNotMatch(await device.guest.shellOk('cat /sys/fs/cgroup/cgroup.controllers'), /memory/);
    await device.ready();
    await device.waitUntilReady(...steady);
    await pidsOfSteady();
  });
});
