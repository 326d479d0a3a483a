import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { KubeObject } from '../api/meta.ts';
import { configMaps, pods, secrets } from '../api/resources.ts';
import { startAnnotationPrefix } from '../api/run-annotations.ts';
import { StatusError } from '../lib/status-error.ts';
import { condition, KubeletDevice, status, web } from '../testing/kubelet-device.ts';

const signal = new AbortController().signal;

describe('a kubelet', () => {
  let device: KubeletDevice;
  const open = async (): Promise<KubeletDevice> => {
    device = await new KubeletDevice().open();
    return device;
  };
  afterEach(() => device.close());

  it('runs a pod and reports it Running and Ready', async () => {
    await open();
    await device.create(web);
    await device.until((pod) => condition(pod, 'Ready') === 'True', 'the pod is ready');
    const pod = await device.pod();
    assert.equal(pod?.status?.phase, 'Running');
    assert.equal(pod?.status?.hostIP, '192.0.2.7');
    assert.match(pod?.status?.podIP ?? '', /^10\.85\.0\./);
    assert.equal(status(pod)?.ready, true);
    assert.match(status(pod)?.containerID ?? '', /^containerd:\/\//);
    assert.deepEqual(device.events, [
      'Normal Scheduled Successfully assigned default/web to device',
      'Normal Pulled Container image "busybox" already present on machine and can be accessed by the pod',
      'Normal Created Container created',
      'Normal Started Container started',
    ]);
    assert.deepEqual(device.cgroups, [`/eliot-i1/besteffort/pod${pod?.metadata.uid}`]);
  });

  it('restarts a container that crashed at once, then holds it back', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.crash();
    await device.until((pod) => status(pod)?.restartCount === 1 && status(pod)?.ready === true, 'first restart');
    assert.equal(status(await device.pod())?.lastState?.terminated?.exitCode, 1);
    await device.crash(3);
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CrashLoopBackOff', 'back-off');
    const held = await device.pod();
    assert.match(
      status(held)?.state?.waiting?.message ?? '',
      /^back-off 10s restarting failed container=web pod=web_default\(/,
    );
    assert.equal(status(held)?.lastState?.terminated?.exitCode, 3);
    assert.equal(held?.status?.phase, 'Running');
    assert.equal(condition(held, 'Ready'), 'False');
    device.clock.advance(10_000);
    await device.until((pod) => status(pod)?.restartCount === 2 && status(pod)?.ready === true, 'second restart');
  });

  it('holds back a container that has ended before anybody could look', async () => {
    await open();
    await device.create({ containers: [{ ...web.containers[0], command: ['crash'] }] });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CrashLoopBackOff', 'back-off', 1);
    assert.equal(status(await device.pod())?.restartCount, 1);
    device.clock.advance(10_000);
    await device.until((pod) => status(pod)?.restartCount === 2, 'second restart');
  });

  it('starts a container in place for each word that asks, and leaves it ended in between', async () => {
    await open();
    const ask = (word: string): Promise<KubeObject> => {
      const metadata = { annotations: { [`${startAnnotationPrefix}web`]: word } };
      return device.client.patch(pods, { namespace: 'default', name: 'web' }, 'merge', { metadata });
    };
    await device.create({ ...web, terminationGracePeriodSeconds: 1 });
    await device.untilRunning();
    const { podIP } = (await device.pod())?.status ?? {};
    for (const restarts of [1, 2, 3]) {
      await ask(`${restarts}`);
      await device.until((pod) => status(pod)?.restartCount === restarts && status(pod)?.ready === true, 'start', 100);
    }
    await device.crash(3);
    await device.until((pod) => status(pod)?.state?.terminated?.exitCode === 3, 'its end is seen');
    device.clock.advance(600_000);
    await device.until((pod) => status(pod)?.state?.terminated?.exitCode === 3, 'it stays ended');
    assert.equal((await device.pod())?.status?.phase, 'Running');
    await ask('4');
    await device.until((pod) => status(pod)?.restartCount === 4 && status(pod)?.ready === true, 'start after the end');
    assert.equal((await device.pod())?.status?.podIP, podIP);
  });

  it('finishes a pod that is never restarted, and keeps its containers for the logs', async () => {
    await open();
    await device.create({ ...web, restartPolicy: 'Never' });
    await device.untilRunning();
    await device.crash(0);
    await device.until((pod) => pod?.status?.phase === 'Succeeded', 'the pod succeeded');
    assert.equal(status(await device.pod())?.state?.terminated?.reason, 'Completed');
    await device.until(() => device.cgroups.length === 0, 'its cgroup is gone');
    assert.equal((await device.containers()).length, 1);
  });

  it('restarts a container that fails its liveness probe, and is ready by its readiness probe', async () => {
    await open();
    const probe = { exec: { command: ['run-check'] }, periodSeconds: 1, failureThreshold: 1 };
    let code = 0;
    device.exec = async () => code;
    await device.create({
      containers: [{ ...web.containers[0], livenessProbe: probe, readinessProbe: probe }],
      // Each step of the clock lets everything run: a long grace period is thousands of turns.
      terminationGracePeriodSeconds: 1,
    });
    await device.until((pod) => condition(pod, 'Ready') === 'True', 'the pod is ready', 100);
    code = 1;
    await device.until((pod) => (status(pod)?.restartCount ?? 0) >= 1, 'it was restarted', 100);
    code = 0;
    await device.until((pod) => condition(pod, 'Ready') === 'True', 'the pod is ready again', 100);
    assert.equal(status(await device.pod())?.lastState?.terminated?.exitCode, 137);
    assert.ok(device.events.includes('Warning Unhealthy Liveness probe failed: '));
    assert.ok(device.events.includes('Normal Killing Container web failed liveness probe, will be restarted'));
  });

  it('fails a pod that is active for too long, when its containers have ended', async () => {
    await open();
    await device.create({ ...web, activeDeadlineSeconds: 30, terminationGracePeriodSeconds: 5 });
    await device.untilRunning();
    const phases = new Set<string>();
    await device.until(
      (pod) => {
        if (status(pod)?.state?.running) phases.add(pod?.status?.phase ?? '');
        return pod?.status?.phase === 'Failed';
      },
      'the pod failed',
      500,
    );
    const pod = await device.pod();
    assert.deepEqual([...phases], ['Running']);
    assert.equal(pod?.status?.reason, 'DeadlineExceeded');
    assert.equal(pod?.status?.message, 'Pod was active on the node longer than the specified deadline');
    assert.equal(status(pod)?.state?.terminated?.exitCode, 137);
    assert.ok(device.events.includes(`Normal DeadlineExceeded ${pod?.status?.message}`));
  });

  it('ends a deleted pod within its grace period and leaves nothing', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.client.delete(pods, { namespace: 'default', name: 'web' });
    await device.until(async (pod) => pod === undefined, 'the object is gone', 1_000);
    assert.deepEqual(await device.containers(), []);
    assert.deepEqual(await device.runtime.listSandboxes({}, signal), []);
    assert.deepEqual(device.cgroups, []);
    assert.deepEqual(await readdir(join(device.dir, 'run/pods')), []);
  });

  it('cuts the grace period short when asked again with a shorter one', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 600 });
    await device.until((pod) => pod?.metadata.deletionTimestamp !== undefined, 'it is being deleted');
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 1 });
    const before = device.clock.monotonicMs();
    await device.until(async (pod) => pod === undefined, 'the object is gone', 500);
    assert.ok(device.clock.monotonicMs() - before < 60_000);
  });

  it('ends at once what was deleted by force', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await device.until(async () => (await device.runtime.listSandboxes({}, signal)).length === 0, 'nothing runs', 10);
  });

  it('lets no container write into files made from API data, and each into an emptyDir', async () => {
    await open();
    await device.client.create<KubeObject>(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { key: 'value' },
    } as KubeObject);
    await device.create({
      containers: [
        {
          ...web.containers[0],
          volumeMounts: [
            { name: 'settings', mountPath: '/settings' },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        },
      ],
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'scratch', emptyDir: {} },
      ],
    });
    await device.until((pod) => status(pod)?.state?.running !== undefined, 'it runs', 1_000);
    const { mounts } = await device.config();
    assert.equal(mounts.find(({ containerPath }) => containerPath === '/settings')?.readonly, true);
    assert.equal(mounts.find(({ containerPath }) => containerPath === '/scratch')?.readonly, false);
  });

  it('adopts what runs after its own restart', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    const before = await device.runningContainer();
    await device.stop();
    const calls = device.runtime.faults.calls.length;
    await device.start();
    await device.until(
      () => device.runtime.faults.calls.slice(calls).some(({ method }) => method === 'listContainers'),
      'it looked',
    );
    await device.until(async (pod) => condition(pod, 'Ready') === 'True', 'it is ready');
    assert.equal((await device.runningContainer()).id, before.id);
    assert.ok(
      !device.runtime.faults.calls.slice(calls).some(({ method }) => /^(run|create|start|stop|remove)/.test(method)),
    );
  });

  it('starts nothing before the runtime is made good, and ends a pod that is deleted meanwhile', async () => {
    await open();
    await device.stop();
    const ready = Promise.withResolvers<void>();
    await device.start(ready.promise);
    await device.create(web);
    await device.create(web, 'unwanted');
    await device.until((pod) => pod?.status?.startTime !== undefined, 'it is looked at');
    await device.client.delete(pods, { namespace: 'default', name: 'unwanted' });
    await device.until(async () => (await device.pod('unwanted')) === undefined, 'the unwanted one is gone', 10);
    assert.deepEqual(await device.runtime.listSandboxes({}, signal), []);
    ready.resolve();
    await device.untilRunning();
  });

  it('starts everything anew after a reboot, counts it as a restart and shows why', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.stop();
    await device.runtime.reboot();
    await device.start();
    await device.until((pod) => status(pod)?.restartCount === 1 && status(pod)?.ready === true, 'it is back');
    const lost = status(await device.pod())?.lastState?.terminated;
    assert.equal(lost?.exitCode, 255);
    assert.equal(lost?.reason, 'Unknown');
    assert.ok(device.events.includes('Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.'));
  });

  it('never starts a finished pod again, also after a reboot', async () => {
    await open();
    await device.create({ ...web, restartPolicy: 'Never' });
    await device.untilRunning();
    await device.crash(0);
    await device.until((pod) => pod?.status?.phase === 'Succeeded', 'the pod succeeded');
    await device.stop();
    await device.runtime.reboot();
    const calls = device.runtime.faults.calls.length;
    await device.start();
    await device.until(
      () => device.runtime.faults.calls.slice(calls).some(({ method }) => method === 'stopSandbox'),
      'it looked',
    );
    assert.equal((await device.pod())?.status?.phase, 'Succeeded');
    assert.ok(!device.runtime.faults.calls.slice(calls).some(({ method }) => method === 'runSandbox'));
  });

  it('ends sandboxes whose pod has no object, and only after every pod is known', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    await device.stop();
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await device.start();
    await device.until(
      async () => (await device.runtime.listSandboxes({}, signal)).length === 0,
      'nothing is left',
      10,
    );
  });

  it('waits for a missing ConfigMap and goes on as soon as it appears', async () => {
    await open();
    const env = [{ name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'greeting' } } }];
    await device.create({ containers: [{ ...web.containers[0], env }] });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CreateContainerConfigError', 'it waits');
    assert.equal(status(await device.pod())?.state?.waiting?.message, 'configmap "settings" not found');
    await device.client.create<KubeObject>(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { greeting: 'hello' },
    });
    await device.untilRunning();
    assert.deepEqual((await device.config()).env, [{ name: 'GREETING', value: 'hello' }]);
  });

  it('mounts volumes and follows their source', async () => {
    await open();
    const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'default' } };
    await device.client.create<KubeObject>(configMaps, { ...made, data: { 'app.conf': 'one' } });
    await device.create({
      volumes: [
        { name: 'conf', configMap: { name: 'settings' } },
        { name: 'scratch', emptyDir: {} },
      ],
      containers: [
        {
          ...web.containers[0],
          volumeMounts: [
            { name: 'conf', mountPath: '/conf', readOnly: true },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        },
      ],
    });
    await device.untilRunning();
    const mounts = (await device.config()).mounts;
    const conf = mounts.find(({ containerPath }) => containerPath === '/conf');
    assert.equal(conf?.readonly, true);
    const file = join(conf?.hostPath ?? '', 'app.conf');
    assert.equal(await readFile(file, 'utf8'), 'one');
    assert.ok(
      mounts.find(({ containerPath }) => containerPath === '/scratch')?.hostPath.startsWith(join(device.dir, 'data')),
    );
    await device.client.update<KubeObject>(configMaps, { ...made, data: { 'app.conf': 'two' } });
    await device.until(async () => (await readFile(file, 'utf8')) === 'two', 'the file follows');
  });

  it('says why a volume cannot be mounted and does not start the pod', async () => {
    await open();
    await device.create({ ...web, volumes: [{ name: 'keys', secret: { secretName: 'missing' } }] });
    await device.until(() => device.events.some((event) => event.includes('FailedMount')), 'it says so');
    assert.ok(
      device.events.includes(
        'Warning FailedMount MountVolume.SetUp failed for volume "keys" : secret "missing" not found',
      ),
    );
    assert.equal(status(await device.pod())?.state?.waiting?.reason, 'ContainerCreating');
    await device.client.create<KubeObject>(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'missing', namespace: 'default' },
    });
    await device.untilRunning();
  });

  it('pulls with back-off and shows each of its reasons', async () => {
    await open();
    await device.create({ containers: [{ name: 'web', image: 'nobody/nothing:1', command: ['run'] }] });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'ErrImagePull', 'the pull failed');
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'ImagePullBackOff', 'it backs off', 500);
    assert.match(
      status(await device.pod())?.state?.waiting?.message ?? '',
      /^Back-off pulling image "nobody\/nothing:1": ErrImagePull: /,
    );
    device.runtime.images.offer('nobody/nothing:1');
    await device.until((pod) => status(pod)?.state?.running !== undefined, 'it runs', 1_000);
  });

  it('shows a command that does not exist as a failed start', async () => {
    await open();
    await device.create({
      containers: [{ name: 'web', image: 'busybox', command: ['/nope'], imagePullPolicy: 'IfNotPresent' }],
    });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'RunContainerError', 'it says so');
    const failed = status(await device.pod());
    assert.match(failed?.state?.waiting?.message ?? '', /no such file or directory/);
    assert.equal(failed?.lastState?.terminated?.exitCode, 128);
    assert.equal(failed?.lastState?.terminated?.reason, 'StartError');
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CrashLoopBackOff', 'it backs off', 500);
  });

  it('replaces a container whose image was changed, in the same sandbox', async () => {
    await open();
    device.runtime.images.add('busybox:2');
    await device.create(web);
    await device.untilRunning();
    const before = await device.runningContainer();
    const patch = { spec: { containers: [{ name: 'web', image: 'busybox:2' }] } };
    await device.client.patch(pods, { namespace: 'default', name: 'web' }, 'strategic', patch);
    await device.until(
      (pod) => status(pod)?.image === 'busybox:2' && status(pod)?.restartCount === 1,
      'replaced',
      1_000,
    );
    assert.equal((await device.runningContainer()).sandboxId, before.sandboxId);
    assert.ok(device.events.includes('Normal Killing Container web definition changed, will be restarted'));
  });

  it('runs init containers one after the other before the others', async () => {
    await open();
    const init = (name: string): object => ({ ...web.containers[0], name });
    await device.create({ initContainers: [init('first'), init('second')], ...web });
    const names = async (): Promise<string> => (await device.containers()).map(({ name }) => name).join();
    await device.until(async () => (await names()) === 'first', 'the first runs');
    await device.until((pod) => condition(pod, 'Initialized') === 'False', 'not initialized');
    assert.equal(status(await device.pod())?.state?.waiting?.reason, 'PodInitializing');
    await device.crash(0);
    await device.until(async () => (await names()) === 'first,second', 'the second runs');
    await device.crash(0);
    await device.until((pod) => condition(pod, 'Ready') === 'True', 'the pod is ready');
    assert.equal(condition(await device.pod(), 'Initialized'), 'True');
  });

  it('survives a runtime that is down: nothing is reported that was not seen', async () => {
    await open();
    await device.create(web);
    await device.untilRunning();
    device.runtime.faults.isDown = true;
    device.runtime.loseEvents();
    device.clock.advance(30_000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await device.pod())?.status?.phase, 'Running');
    assert.equal(status(await device.pod())?.ready, true);
    device.runtime.faults.isDown = false;
    await device.crash();
    await device.until((pod) => status(pod)?.restartCount === 1, 'it goes on', 1_000);
  });

  it('says that a sandbox cannot be made and tries again', async () => {
    await open();
    device.runtime.faults.fail('runSandbox', new StatusError('InternalError', 'no network'));
    await device.create(web);
    await device.until(() => device.events.some((event) => event.includes('FailedCreatePodSandBox')), 'it says so');
    assert.ok(device.events.includes('Warning FailedCreatePodSandBox Failed to create pod sandbox: no network'));
    await device.until((pod) => status(pod)?.state?.running !== undefined, 'it runs', 500);
  });
});
