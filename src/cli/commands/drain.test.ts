/** `eli drain` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { nodes, pods } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { removeTestPods, startTestPod } from '../../testing/test-pods.ts';

describe('drain', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  beforeEach(async () => {
    await removeTestPods(device.client);
    await device.client.patch(nodes, { name: 'device' }, 'merge', { spec: { unschedulable: null } });
    await startTestPod(device.client, { name: 'web' });
  });

  const run = (args: string): Promise<EliResult> =>
    eli(['drain', ...args.split(' ').filter(Boolean)], { env: { ELIOT_RUN_DIR: device.runDirectory } });
  const left = async (): Promise<number> => (await device.client.list(pods)).items.length;
  const isCordoned = async (): Promise<unknown> =>
    ((await device.client.get<KubeObject>(nodes, { name: 'device' }))['spec'] as { unschedulable?: boolean })
      .unschedulable;

  it('refuses to lose a pod that nothing makes again, and says how it may', async () => {
    const { exitCode, stdout, stderr } = await run('device');
    const why = 'cannot delete cannot delete Pods that declare no controller (use --force to override): default/web';
    assert.deepEqual([exitCode, stdout], [1, 'node/device cordoned\n']);
    assert.equal(
      stderr,
      `error: unable to drain node "device" due to error: ${why}, continuing command...\n` +
        `There are pending nodes to be drained:\n device\n${why}\n`,
    );
    assert.equal(await left(), 1);
    assert.equal(await isCordoned(), true);
  });

  for (const [flags, word] of [
    ['--force --grace-period=0', 'evicted'],
    ['--force --grace-period=0 --disable-eviction', 'deleted'],
  ] as const) {
    it(`${flags} takes it off and waits until it is gone`, async () => {
      const { exitCode, stdout, stderr } = await run(`device ${flags}`);
      const evicting = word === 'evicted' ? 'evicting pod default/web\n' : '';
      assert.deepEqual(
        [exitCode, stdout],
        [0, `node/device cordoned\n${evicting}pod/web ${word}\nnode/device drained\n`],
      );
      assert.equal(stderr, 'Warning: deleting Pods that declare no controller: default/web\n');
      assert.equal(await left(), 0);
    });
  }

  for (const mode of ['client', 'server']) {
    it(`with --dry-run=${mode} changes nothing`, async () => {
      const suffix = mode === 'client' ? '(dry run)' : '(server dry run)';
      const { exitCode, stdout } = await run(`device --force --dry-run=${mode}`);
      assert.equal(exitCode, 0);
      assert.equal(
        stdout,
        `node/device cordoned ${suffix}\nevicting pod default/web ${suffix}\nnode/device drained ${suffix}\n`,
      );
      assert.deepEqual([await left(), await isCordoned()], [1, undefined]);
    });
  }

  it('gives up after --timeout', async () => {
    const { exitCode, stderr } = await run('device --force --timeout=50ms');
    assert.equal(exitCode, 1);
    assert.match(stderr, /\nerror: global timeout reached: 50ms\nThere are pending nodes to be drained:\n device\n$/);
  });

  it('leaves pods that --pod-selector does not mean', async () => {
    const { exitCode, stdout } = await run('device --pod-selector=app=none');
    assert.deepEqual([exitCode, stdout], [0, 'node/device cordoned\nnode/device drained\n']);
    assert.equal(await left(), 1);
  });

  for (const { args, complains } of [
    { args: '', complains: /^error: USAGE: drain NODE \[flags\]\n/ },
    { args: 'nope', complains: /^Error from server \(NotFound\): nodes "nope" not found\n/ },
    { args: 'device --grace-period=', complains: /^error: invalid argument "" for "--grace-period" flag/ },
    { args: 'device --grace-period=x', complains: /^error: invalid argument "x" for "--grace-period" flag/ },
  ]) {
    it(`drain ${args} is refused`, async () => {
      const { exitCode, stderr } = await run(args);
      assert.equal(exitCode, 1);
      assert.match(stderr, complains);
    });
  }
});
