/** Conformance: ephemeral containers; and `kubectl debug`, which is what they are for. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../../src/api/kinds/pod/types.ts';
import { pods } from '../../../src/api/resources.ts';
import { testImage } from '../../support/device.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';

describe('conformance: ephemeral containers', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  const debuggerOf = (name: string, line: string, more: object = {}): object => ({
    name,
    image: testImage,
    command: ['sh', '-c', line],
    ...more,
  });
  const add = (pod: string, ...ephemeralContainers: readonly object[]) =>
    on.client.patch(
      pods,
      { namespace: 'default', name: pod },
      'strategic',
      { spec: { ephemeralContainers } },
      {
        subresource: 'ephemeralcontainers',
      },
    );
  const stateOf = ({ status }: Pod, name: string) =>
    status.ephemeralContainerStatuses?.find((container) => container.name === name)?.state;
  const runs = (pod: string, name: string) =>
    on.until(pod, `${name} running`, (seen) => stateOf(seen, name)?.running !== undefined);
  const ended = (pod: string, name: string) =>
    on.until(pod, `the end of ${name}`, (seen) => stateOf(seen, name)?.terminated !== undefined);

  it('ephemeral/start: one that is patched in starts in the running pod, with log and exec', async () => {
    const pod = await on.running({ line: 'exec sleep 3600' });
    const before = await on.pod(pod);
    await add(pod, debuggerOf('debugger', 'ps -o args; exec sleep 7777', { targetContainerName: 'main' }));
    const seen = await runs(pod, 'debugger');
    // It sees the processes of its target.
    await waitFor('its list of processes', async () => /^COMMAND\nsleep 3600\n/.test(await on.logs(pod, 'debugger')));
    assert.match(await on.exec(pod, 'ps -o args', 'debugger'), /\nsleep 7777\n/);
    assert.equal(seen.metadata.generation, (before.metadata.generation ?? 0) + 1);
    assert.deepEqual(
      seen.status.containerStatuses?.map(({ restartCount }) => restartCount),
      [0],
    );
    await on.delete(pod);
  });

  it('ephemeral/update: a second one is added by an update, and the first one goes on', async () => {
    const pod = await on.running({ line: 'exec sleep 3600' });
    await add(pod, debuggerOf('one', 'exec sleep 3600'));
    const first = await runs(pod, 'one');
    const { ephemeralContainers = [] } = first.spec;
    const next = {
      ...first,
      spec: { ...first.spec, ephemeralContainers: [...ephemeralContainers, debuggerOf('two', 'exec sleep 3600')] },
    };
    const updated = await on.client.update<Pod>(pods, next as Pod, { subresource: 'ephemeralcontainers' });
    assert.deepEqual(
      updated.spec.ephemeralContainers?.map(({ name }) => name),
      ['one', 'two'],
    );
    const second = await runs(pod, 'two');
    assert.deepEqual(stateOf(second, 'one'), stateOf(first, 'one'));
    await on.delete(pod);
  });

  it('one that has ended is not started again, and neither ends nor fails its pod', async () => {
    const pod = await on.running({ line: 'exec sleep 3600', spec: { restartPolicy: 'Always' } });
    await add(pod, debuggerOf('once', 'echo ran; exit 3'));
    const { status } = await ended(pod, 'once');
    assert.equal(status.phase, 'Running');
    await add(pod, debuggerOf('later', 'exec sleep 3600'));
    const seen = await runs(pod, 'later');
    const once = seen.status.ephemeralContainerStatuses?.find(({ name }) => name === 'once');
    assert.equal(once?.state?.terminated?.exitCode, 3);
    assert.deepEqual([once.restartCount, once.ready, once.started], [0, false, undefined]);
    assert.equal(await on.logs(pod, 'once'), 'ran\n');
    await on.delete(pod);
  });

  it('what one may not have is refused, and what is there can be neither changed nor removed', async () => {
    const pod = await on.running({ line: 'exec sleep 3600' });
    await assert.rejects(add(pod, debuggerOf('a', 'true', { ports: [{ containerPort: 80 }] })), {
      reason: 'Invalid',
      message: /spec\.ephemeralContainers\[0\]\.ports: Forbidden: cannot be set for an Ephemeral Container/,
    });
    await assert.rejects(add(pod, debuggerOf('main', 'true')), { message: /Duplicate value: "main"/ });
    await add(pod, debuggerOf('kept', 'exec sleep 3600'));
    const remove = on.client.patch(
      pods,
      { namespace: 'default', name: pod },
      'merge',
      { spec: { ephemeralContainers: null } },
      { subresource: 'ephemeralcontainers' },
    );
    await assert.rejects(remove, { message: /existing ephemeral containers "kept" may not be removed/ });
    await assert.rejects(on.patch(pods, pod, { spec: { ephemeralContainers: [debuggerOf('b', 'true')] } }), {
      message: /pod updates may not change fields other than/,
    });
    await on.delete(pod);
  });

  it('kubectl debug attaches to one in the pod, and sees the processes of its target', async () => {
    const pod = await on.running({ line: 'exec sleep 3600' });
    const args = [
      'debug',
      pod,
      '-i',
      '--quiet',
      '--image',
      testImage,
      '--target',
      'main',
      '--',
      'sh',
      '-c',
      'read text; echo $text; ps -o args',
    ];
    const { stdout, stderr } = await on.device.kubectlOk(args, { input: 'typed\n' });
    // On stderr kubectl says why it could not attach and printed the log instead.
    assert.match(stdout, /typed\n/, `${stderr}\n${on.device.log().slice(-4000)}`);
    assert.match(stdout, /sleep 3600/);
    await on.delete(pod);
  });

  it('kubectl debug --copy-to runs a changed copy of the pod', async () => {
    const pod = await on.running({ line: 'exec sleep 3600' });
    const copy = on.name('copy');
    const args = ['debug', pod, `--copy-to=${copy}`, '--container=main', '--share-processes', '--', 'sleep', '5555'];
    await on.device.kubectlOk([...args.slice(0, 3), `--image=${testImage}`, ...args.slice(3)]);
    await on.until(copy, 'Running', ({ status }) => status.phase === 'Running');
    const copied = await on.pod(copy);
    assert.equal(copied.spec.shareProcessNamespace, true);
    await on.delete(copy);
    await on.delete(pod);
  });

  it('kubectl debug node runs a pod in the namespaces of the device, with its files at /host', async () => {
    const args = [
      'debug',
      'node/device',
      '-i',
      '--quiet',
      `--image=${testImage}`,
      '--',
      'sh',
      '-c',
      'read text; ls /host; readlink /proc/self',
    ];
    const { stdout, stderr } = await on.device.kubectlOk(args, { input: 'go\n' });
    // Its process id is not that of a namespace of its own.
    assert.match(stdout, /\nproc\n.*\n\d{3,}\n$/s, `${stdout}\n${stderr}\n${on.device.log().slice(-4000)}`);
    await on.device.kubectlOk(['delete', 'pods', '-l', 'app.kubernetes.io/managed-by=kubectl-debug', '--now']);
  });
});
