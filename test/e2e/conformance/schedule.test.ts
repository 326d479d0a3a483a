/** Whether pods are admitted to the one node: Kubernetes' scheduler predicates and its NoExecute taints. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { shellPod, TestDevice } from '../../support/device.ts';
import { waitFor } from '../../support/wait.ts';

interface SeenPod {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

describe('admission to the node', () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start();
  });
  after(() => device?.close());

  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const pod = async (name: string): Promise<SeenPod> => JSON.parse(await kubectl('get', 'pod', name, '-o', 'json'));
  const create = (name: string, change: object = {}, container: object = {}): Promise<void> => {
    const made = shellPod(name, 'sleep 1000', { ...change }) as {
      spec: { containers: object[] };
    };
    Object.assign(made.spec.containers[0] as object, container);
    return device.create(made);
  };
  /** Waits until the scheduler says that the pod has no place; its message. */
  const untilRefused = (name: string): Promise<string> =>
    waitFor(`${name} unschedulable`, async () => {
      const { spec, status } = await pod(name);
      const condition = status.conditions?.find(({ type }) => type === 'PodScheduled');
      assert.equal(condition?.status, 'False', JSON.stringify(status));
      assert.equal(condition?.reason, 'Unschedulable');
      assert.equal(spec.nodeName, undefined);
      assert.equal(status.phase, 'Pending');
      return condition?.message ?? '';
    });
  const events = (name: string, reason: string): Promise<string> =>
    waitFor(`an event ${reason} of ${name}`, async () => {
      const selector = `involvedObject.name=${name},reason=${reason}`;
      return (
        (await kubectl('get', 'events', '--field-selector', selector, '-o', 'jsonpath={.items[*].message}')) ||
        undefined
      );
    });
  const asking = (cpu: string): object => ({ resources: { requests: { cpu } } });

  describe('by what the node has', { concurrency: 4 }, () => {
    it('schedule/insufficient-resources: a pod that asks for more CPU than is left stays Pending, until there is room', async () => {
      const allocatable = await kubectl('get', 'node', 'device', '-o', 'jsonpath={.status.allocatable.cpu}');
      const milli = allocatable.endsWith('m') ? Number.parseInt(allocatable, 10) : Number(allocatable) * 1000;
      await create('filler', {}, asking(`${Math.floor(milli * 0.7)}m`));
      await device.waitForPhase('filler', 'Running');
      await create('additional', {}, asking(`${Math.floor(milli * 0.5)}m`));
      const message = await untilRefused('additional');
      assert.match(
        message,
        /^0\/1 nodes are available: 1 Insufficient cpu\. preemption: 0\/1 nodes are available: 1 No pree/,
      );
      assert.equal(await events('additional', 'FailedScheduling'), message);
      assert.match(await kubectl('get', 'pod', 'additional', '-o', 'wide'), /Pending .*<none> /);
      await kubectl('delete', 'pod', 'filler');
      await device.waitForPhase('additional', 'Running');
    });

    it('schedule/nodeselector-no-match: a pod whose nodeSelector fits no node stays unscheduled', async () => {
      await create('restricted', { nodeSelector: { label: 'nonempty' } });
      assert.match(await untilRefused('restricted'), /1 node\(s\) didn't match Pod's node affinity\/selector/);
      await kubectl('delete', 'pod', 'restricted', '--wait=true');
    });

    it('schedule/nodeselector-match: a pod runs once the node has the label that it selects', async () => {
      const selector = { 'kubernetes.io/e2e-label': '42' };
      await create('with-labels', { nodeSelector: selector });
      await untilRefused('with-labels');
      await kubectl('label', 'node', 'device', 'kubernetes.io/e2e-label=42');
      await device.waitForPhase('with-labels', 'Running');
      // It goes on when the label goes.
      await kubectl('label', 'node', 'device', 'kubernetes.io/e2e-label-');
      assert.equal((await pod('with-labels')).status.phase, 'Running');
    });

    it('schedule/hostport-conflict: a port on every address and the same one on one address do not go together', async () => {
      const port = (hostIP: string): object => ({
        ports: [{ containerPort: 80, hostPort: 54_322, protocol: 'TCP', hostIP }],
      });
      await create('pod4', {}, port('0.0.0.0'));
      await device.waitForPhase('pod4', 'Running');
      await create('pod5', {}, port('127.0.0.1'));
      const message = await untilRefused('pod5');
      assert.match(message, /1 node\(s\) didn't have free ports for the requested pod ports/);
      await kubectl('delete', 'pod', 'pod4');
      await device.waitForPhase('pod5', 'Running');
    });
  });

  describe('by taints of the node', () => {
    const tolerating = (tolerationSeconds?: number): object => ({
      tolerations: [
        {
          key: 'e2e-evict-taint-key',
          value: 'evictTaintVal',
          effect: 'NoExecute',
          ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
        },
      ],
    });
    const taint = 'e2e-evict-taint-key=evictTaintVal:NoExecute';
    const untilGone = (name: string): Promise<unknown> =>
      waitFor(`${name} gone`, async () => (await device.kubectl(['get', 'pod', name])).exitCode !== 0);

    it('taint/noexecute-cancelled: a pod stays when the taint goes before its time is up', async () => {
      await create('taint-cancelled', tolerating(20));
      await create('taint-short', tolerating(1));
      await device.waitForPhase('taint-cancelled', 'Running');
      await kubectl('taint', 'node', 'device', taint);
      await untilGone('taint-short');
      await kubectl('taint', 'node', 'device', `${taint}-`);
      assert.match(await events('taint-cancelled', 'TaintManagerEviction'), /^Cancelling deletion of Pod default\//);
      assert.equal((await pod('taint-cancelled')).metadata.deletionTimestamp, undefined);
      await kubectl('delete', 'pod', 'taint-cancelled');
    });

    it('taint/noexecute-min-toleration: pods are evicted each after its own time, and one that tolerates for ever stays', async () => {
      await create('taint-1', tolerating(1));
      await create('taint-2', tolerating(6));
      await create('taint-ever', tolerating());
      await create('taint-none');
      for (const name of ['taint-1', 'taint-2', 'taint-ever', 'taint-none']) await device.waitForPhase(name, 'Running');
      await kubectl('taint', 'node', 'device', taint);
      await Promise.all([untilGone('taint-1'), untilGone('taint-none')]);
      await untilGone('taint-2');
      assert.equal((await pod('taint-ever')).status.phase, 'Running');
      await create('taint-late');
      assert.match(
        await untilRefused('taint-late'),
        /1 node\(s\) had untolerated taint \{e2e-evict-taint-key: evictTaintVal\}/,
      );
      await kubectl('taint', 'node', 'device', `${taint}-`);
      await device.waitForPhase('taint-late', 'Running');
    });
  });
});
