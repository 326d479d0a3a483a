/** Init containers (conformance area "Init and ephemeral containers"; the ephemeral ones have a file of their own). */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../../src/api/kinds/pod/types.ts';
import { testImage } from '../../support/device.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('init containers', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start({ config: 'maxContainerRestartPeriod: 2s\n' });
  });
  after(() => on?.close());

  const init = (name: string, line: string): object => ({ name, image: testImage, command: ['sh', '-c', line] });
  const condition = (pod: Pod, type: string) => pod.status.conditions?.find((each) => each.type === type);
  const statesOf = ({ status }: Pod): readonly string[] =>
    [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(({ name, state }) => {
      if (state?.running) return `${name} running`;
      return state?.terminated ? `${name} ended ${state.terminated.exitCode}` : `${name} ${state?.waiting?.reason}`;
    });

  it('init/restart-always-ok: they run one by one, then the app, which goes on', async () => {
    const name = await on.create({
      line: 'sleep 3600',
      spec: { restartPolicy: 'Always', initContainers: [init('init1', 'true'), init('init2', 'true')] },
    });
    const pod = await on.until(name, 'running', (seen) => {
      const states = statesOf(seen);
      if (states.length === 0) return false;
      // Nobody is ahead of his turn.
      if (states[1] !== 'init2 PodInitializing') assert.equal(states[0], 'init1 ended 0', states.join());
      if (states[2] !== 'main PodInitializing') assert.equal(states[1], 'init2 ended 0', states.join());
      return seen.status.phase === 'Running';
    });
    assert.equal(condition(pod, 'Initialized')?.status, 'True');
    assert.deepEqual(
      pod.status.initContainerStatuses?.map(({ ready, restartCount }) => [ready, restartCount]),
      [
        [true, 0],
        [true, 0],
      ],
    );
  });

  it('init/restart-never-ok: they run once in order, and the pod succeeds', async () => {
    const { pod } = await on.run({
      line: 'true',
      spec: { restartPolicy: 'Never', initContainers: [init('init1', 'true'), init('init2', 'true')] },
    });
    assert.equal(pod.status.phase, 'Succeeded');
    assert.deepEqual(statesOf(pod), ['init1 ended 0', 'init2 ended 0', 'main ended 0']);
    assert.equal(condition(pod, 'Initialized')?.status, 'True');
  });

  it('init/restart-never-fail: the first that fails fails the pod, and nobody after it starts', async () => {
    const name = await on.create({
      line: 'true',
      spec: { restartPolicy: 'Never', initContainers: [init('init1', 'true'), init('init2', 'exit 1')] },
    });
    const pod = await on.until(name, 'Failed', (seen) => {
      if (seen.status.containerStatuses) assert.equal(statesOf(seen)[2], 'main PodInitializing');
      return seen.status.phase === 'Failed';
    });
    assert.deepEqual(statesOf(pod), ['init1 ended 0', 'init2 ended 1', 'main PodInitializing']);
    const { status, reason, message } = condition(pod, 'Initialized') ?? {};
    assert.deepEqual(
      [status, reason, message],
      ['False', 'ContainersNotInitialized', 'containers with incomplete status: [init2]'],
    );
  });

  it('init/restart-always-fail: one that fails is tried again with a wait, and nobody after it starts', async () => {
    const name = await on.create({
      line: 'sleep 3600',
      spec: { restartPolicy: 'Always', initContainers: [init('init1', 'false'), init('init2', 'true')] },
    });
    const waits = new Set<string>();
    const pod = await on.until(name, 'restarted three times', (seen) => {
      assert.equal(seen.status.phase, 'Pending');
      assert.equal(condition(seen, 'Initialized')?.status ?? 'False', 'False');
      const states = statesOf(seen);
      if (states[0]?.includes('CrashLoopBackOff')) waits.add('CrashLoopBackOff');
      if (states.length > 0) assert.deepEqual(states.slice(1), ['init2 PodInitializing', 'main PodInitializing']);
      return (seen.status.initContainerStatuses?.[0]?.restartCount ?? 0) >= 3;
    });
    assert.deepEqual([...waits], ['CrashLoopBackOff']);
    assert.equal(condition(pod, 'Initialized')?.message, 'containers with incomplete status: [init1 init2]');
    assert.equal(pod.status.initContainerStatuses?.[0]?.lastState?.terminated?.exitCode, 1);
  });
});
