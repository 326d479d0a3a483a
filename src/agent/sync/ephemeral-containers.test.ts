import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerId, SandboxId, SandboxStatus } from '../../runtime/runtime.ts';
import { makePod } from '../../testing/pods.ts';
import type { ObservedContainer, ObservedPod } from '../observed-pod.ts';
import { ephemeralActions, pidTargetOf } from './ephemeral-containers.ts';

const sandbox = { id: 's0' as SandboxId } as SandboxStatus;
const spec = {
  containers: [{ name: 'web', image: 'busybox' }],
  ephemeralContainers: [{ name: 'debug', image: 'busybox', targetContainerName: 'web' }],
};
const start = { kind: 'CreateContainer', container: 'debug', attempt: 0, restartCount: 0, backOffCount: 0 };

function observed(...containers: readonly Partial<ObservedContainer>[]): ObservedPod {
  return {
    uid: 'u1',
    namespace: 'default',
    name: 'web',
    sandboxes: [sandbox],
    containers: containers as readonly ObservedContainer[],
    readAtMonotonicMs: 0,
  };
}

const debug = (state: ObservedContainer['state']): Partial<ObservedContainer> => ({
  id: 'd0' as ContainerId,
  sandboxId: sandbox.id,
  name: 'debug',
  state,
});

describe('an ephemeral container', () => {
  it('is started in a sandbox that is there, and makes none', () => {
    assert.deepEqual(ephemeralActions(makePod({ spec }), observed(), sandbox), [start]);
    assert.deepEqual(ephemeralActions(makePod({ spec }), observed(), undefined), []);
  });

  for (const state of ['Running', 'Exited', 'Unknown'] as const) {
    it(`is left alone when it is ${state}`, () => {
      assert.deepEqual(ephemeralActions(makePod({ spec }), observed(debug(state)), sandbox), []);
    });
  }

  it('is started when it was made only', () => {
    const expected = [{ kind: 'StartCreated', container: 'debug', id: 'd0' }];
    assert.deepEqual(ephemeralActions(makePod({ spec }), observed(debug('Created')), sandbox), expected);
  });

  it('is not started again when the runtime forgot it', () => {
    const statusOf = (containerID?: string) => ({
      ephemeralContainerStatuses: [{ name: 'debug', ...(containerID ? { containerID } : {}) }],
    });
    const pod = makePod({ spec, status: statusOf('containerd://d0') });
    assert.deepEqual(ephemeralActions(pod, observed(), sandbox), []);
    // Held back before it was ever made.
    assert.deepEqual(ephemeralActions(makePod({ spec, status: statusOf() }), observed(), sandbox), [start]);
  });

  it('joins the container that it names, once there is one', () => {
    const pod = makePod({ spec });
    assert.equal(pidTargetOf(pod, 'debug', observed({ id: 'w0' as ContainerId, name: 'web' })), 'w0');
    assert.equal(pidTargetOf(pod, 'debug', observed()), 'Missing');
    assert.equal(pidTargetOf(pod, 'web', observed()), undefined);
  });
});
