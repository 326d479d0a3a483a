import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { KubeletDevice, status, web } from '../testing/kubelet-device.ts';

describe('a kernel that cannot limit memory', () => {
  let device: KubeletDevice;
  const open = async (): Promise<void> => {
    device = new KubeletDevice();
    device.hasMemoryCgroups = false;
    await device.open();
  };
  afterEach(() => device.close());

  it('is told of by the pod whose limit nobody would enforce, and nothing crashes', async () => {
    await open();
    const [container] = web.containers;
    await device.create({ containers: [{ ...container, resources: { limits: { memory: '64Mi' } } }] });
    await device.until((pod) => status(pod)?.state?.waiting?.reason === 'CreateContainerConfigError', 'it waits');
    const message = status(await device.pod())?.state?.waiting?.message ?? '';
    assert.match(message, /^memory limit 64Mi of container "web" cannot be enforced: .*cgroup_enable=memory/);
    assert.ok(device.events.includes(`Warning Failed Error: ${message}`));
  });

  it('runs pods without such a limit', async () => {
    await open();
    const [container] = web.containers;
    await device.create({ containers: [{ ...container, resources: { requests: { memory: '64Mi' } } }] });
    await device.untilRunning();
  });
});
