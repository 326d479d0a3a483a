import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { deployments } from '../../api/resources.ts';
import { EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';
import { comparePods } from './find-pod.ts';

interface Traits {
  readonly node?: string;
  readonly phase?: string;
  readonly readySince?: string;
  readonly restarts?: number;
  readonly created?: string;
}

function pod({
  node = 'device',
  phase = 'Running',
  readySince,
  restarts = 0,
  created = '2026-01-01T00:00:00Z',
}: Traits): Pod {
  const conditions =
    readySince === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: readySince }];
  return {
    metadata: { creationTimestamp: created },
    spec: { nodeName: node, containers: [] },
    status: { phase, conditions, containerStatuses: [{ name: 'a', restartCount: restarts }] },
  } as unknown as Pod;
}

describe('of several pods the better one', () => {
  const ready = '2026-01-01T00:01:00Z';
  for (const { why, better, worse } of [
    { why: 'is on a node', better: { phase: 'Pending' }, worse: { node: '', phase: 'Pending' } },
    { why: 'runs', better: {}, worse: { phase: 'Pending', readySince: ready } },
    { why: 'is ready', better: { readySince: ready, restarts: 3 }, worse: {} },
    { why: 'has been ready for longer', better: { readySince: ready }, worse: { readySince: '2026-01-01T00:02:00Z' } },
    { why: 'has restarted less often', better: { restarts: 1 }, worse: { restarts: 2 } },
    { why: 'is older', better: {}, worse: { created: '2026-01-02T00:00:00Z' } },
  ] as readonly { readonly why: string; readonly better: Traits; readonly worse: Traits }[]) {
    it(why, () => {
      assert.ok(comparePods(pod(better), pod(worse)) < 0);
      assert.ok(comparePods(pod(worse), pod(better)) > 0);
    });
  }
});

describe('a pod by what keeps it', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    for (const name of ['web', 'late']) {
      const labels = { app: name };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x' }] } };
      await device.client.create<KubeObject>(deployments, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace: 'default', labels },
        spec: { selector: { matchLabels: labels }, template },
      });
    }
    await startTestPod(device.client, { name: 'web-1', labels: { app: 'web' } }, 'Pending');
    await startTestPod(device.client, { name: 'web-2', labels: { app: 'web' } });
    device.streams.exec = async ({ pod: name }, _command, ends) => {
      ends.stdout?.write(`in ${name}\n`);
      return { exitCode: 0 };
    };
  });
  after(() => device.close());
  const env = (): Record<string, string> => ({ ELIOT_RUN_DIR: device.runDirectory });

  it('is found by exec and logs', async () => {
    assert.equal((await eli(['exec', 'deploy/web', '--', 'true'], { env: env() })).stdout, 'in web-2\n');
    const { stderr } = await eli(['logs', 'deployment/web'], { env: env() });
    assert.equal(stderr, 'Found 2 pods, using pod/web-2\n');
  });

  it('is waited for, but not for ever', async () => {
    const late = await eli(['exec', 'deploy/late', '--pod-running-timeout=20ms', '--', 'true'], { env: env() });
    assert.deepEqual([late.exitCode, late.stderr], [1, 'error: timed out waiting for the condition\n']);
    const run = new EliRun(['exec', 'deploy/late', '--', 'true'], { env: env() });
    await startTestPod(device.client, { name: 'late-1', labels: { app: 'late' } });
    assert.equal(await run.ended, 0);
    assert.equal(run.stdout.text, 'in late-1\n');
  });
});
