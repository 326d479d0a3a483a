/** Two instances on one machine, also on one containerd, and neither touches what is the other's. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { shellPod, TestDevice } from '../support/device.ts';
import { findProcesses } from '../support/processes.ts';

describe('two instances on one machine', () => {
  let owner: TestDevice;
  let guest: TestDevice;
  before(async () => {
    owner = await TestDevice.start();
    guest = await TestDevice.start({ args: ['--containerd', join(owner.runDir, 'containerd/containerd.sock')] });
  });
  after(async () => {
    await guest?.close();
    await owner?.close();
  });

  const podsOf = async (device: TestDevice): Promise<string> =>
    (await device.kubectlOk(['get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}'])).stdout;

  it('share a containerd, and each shows and runs its own pods only', async () => {
    await owner.create(shellPod('web', 'echo owner; sleep 3600'));
    await guest.create(shellPod('web', 'echo guest; sleep 3600'));
    await owner.waitForPhase('web', 'Running');
    await guest.waitForPhase('web', 'Running');
    assert.equal(await podsOf(owner), 'web');
    assert.equal(await podsOf(guest), 'web');
    assert.equal((await owner.kubectlOk(['logs', 'web'])).stdout, 'owner\n');
    assert.equal((await guest.kubectlOk(['logs', 'web'])).stdout, 'guest\n');
    const answer = await guest.kubectlOk(['exec', 'web', '--', 'echo', 'inside']);
    assert.equal(answer.stdout, 'inside\n');
  });

  it('leave the pods of the other alone over restarts', async () => {
    await guest.restartDaemon('SIGKILL');
    await owner.restartDaemon('SIGTERM');
    assert.equal(
      (await owner.kubectlOk(['get', 'pod', 'web', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}']))
        .stdout,
      '0',
    );
    await guest.waitForPhase('web', 'Running');
  });

  it('a reset of one takes its own pods away and leaves containerd and the other running', async () => {
    await guest.close();
    await owner.waitForPhase('web', 'Running');
    assert.equal((await owner.kubectlOk(['exec', 'web', '--', 'echo', 'alive'])).stdout, 'alive\n');
    const shims = findProcesses(
      (args) => (args[0] ?? '').includes('containerd-shim') && args.some((arg) => arg.includes(owner.runDir)),
    );
    assert.equal(shims.length, 1);
  });
});
