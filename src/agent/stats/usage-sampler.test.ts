import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CgroupUsage } from '../../host/cgroup-usage.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { until } from '../../testing/settle.ts';
import { nodeMetrics, podMetrics } from './metrics-objects.ts';
import { containerMetrics, formatMetrics, resourceMetrics } from './prometheus-text.ts';
import { type RunningPod, UsageSampler } from './usage-sampler.ts';

const mib = 1024 * 1024;

/** A device whose node uses half a core and whose container `a` a tenth, by its clock. */
function setUp() {
  const clock = new FakeClock();
  const startedAtMs = clock.now();
  let reads = 0;
  const pod: RunningPod = {
    uid: 'u1',
    namespace: 'default',
    name: 'web',
    labels: { app: 'web' },
    cgroup: '/p',
    containers: [{ name: 'a', id: 'c1', startedAtMs }],
  };
  const pods = [pod];
  const usage = (cores: number): CgroupUsage => ({
    cpuNanos: cores * (clock.now() - startedAtMs) * 1e6,
    memory: { usage: 3 * mib, workingSet: 2 * mib, rss: mib },
    processes: 1,
  });
  const sampler = new UsageSampler({
    clock,
    pods: () => pods,
    reader: {
      cgroup: async (path) => (path === '/p' ? usage(0.2) : path === '/p/gone' ? undefined : usage(0.1)),
      machine: async () => {
        reads += 1;
        const { cpuNanos, memory } = usage(0.5);
        return { cpuNanos, memory: { ...memory, total: 9 * mib, available: 7 * mib } };
      },
    },
  });
  return { clock, pods, pod, sampler, reads: () => reads };
}

describe('what nodes and pods use', () => {
  it('is measured over a second when nobody asked before', async () => {
    const { clock, sampler } = setUp();
    clock.advance(500_000);
    const asked = sampler.rates();
    await until(() => clock.sleeping === 1, 'it waits');
    clock.advance(1_000);
    const rates = await asked;
    const measured = { timestamp: '2026-01-01T00:08:21Z', window: '1s' };
    const { metadata: _, ...node } = nodeMetrics(rates, 'device', { zone: 'a' });
    assert.deepEqual(node, {
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'NodeMetrics',
      ...measured,
      usage: { cpu: '500000000n', memory: '2048Ki' },
    });
    const [pod] = podMetrics(rates);
    assert.deepEqual(pod?.metadata.labels, { app: 'web' });
    assert.equal(pod?.['window'], '1s');
    assert.deepEqual(pod?.['containers'], [{ name: 'a', usage: { cpu: '100000000n', memory: '2048Ki' } }]);
  });

  it('is measured since the last question when that is not long ago, and not twice within a second', async () => {
    const { clock, sampler, reads } = setUp();
    clock.advance(500_000);
    const asked = Promise.all([sampler.rates(), sampler.rates()]);
    await until(() => clock.sleeping === 1, 'it waits');
    clock.advance(1_000);
    await asked;
    assert.equal(reads(), 2);
    clock.advance(900);
    assert.equal((await sampler.rates()).windowMs, 1_000);
    assert.equal(reads(), 2);
    clock.advance(14_100);
    assert.equal((await sampler.rates()).windowMs, 15_000);
    assert.equal(reads(), 3);
  });

  it('reckons a container that started meanwhile from its start, and leaves out one that is gone', async () => {
    const { clock, sampler, pods, pod } = setUp();
    clock.advance(500_000);
    const first = sampler.rates();
    await until(() => clock.sleeping === 1, 'it waits');
    clock.advance(1_000);
    await first;
    clock.advance(20_000);
    const young = { name: 'b', id: 'c2', startedAtMs: clock.now() - 521_000 };
    pods[0] = { ...pod, containers: [young, { name: 'g', id: 'gone', startedAtMs: 0 }] };
    const { containers } = (await sampler.rates()).pods[0] ?? {};
    assert.deepEqual([...(containers?.keys() ?? [])], ['b']);
  });

  it("is told to Prometheus under the kubelet's names", async () => {
    const { clock, sampler } = setUp();
    clock.advance(10_000);
    const sample = await sampler.sample();
    const text = formatMetrics([...resourceMetrics(sample), ...containerMetrics(sample)]);
    for (const line of [
      '# TYPE container_cpu_usage_seconds_total counter',
      'container_cpu_usage_seconds_total{container="a",namespace="default",pod="web"} 1',
      `container_memory_working_set_bytes{container="a",namespace="default",pod="web"} ${2 * mib}`,
      'pod_cpu_usage_seconds_total{namespace="default",pod="web"} 2',
      'node_cpu_usage_seconds_total 5',
      `container_memory_rss{container="a",namespace="default",pod="web"} ${mib}`,
    ]) {
      assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`);
    }
  });

  it('is told with labels escaped, and without metrics that have no value', () => {
    const text = formatMetrics([
      { name: 'a', help: 'A.', type: 'gauge', values: [{ labels: { l: 'x"\\\n' }, value: 1 }] },
      { name: 'b', help: 'B.', type: 'gauge', values: [] },
    ]);
    assert.equal(text, '# HELP a A.\n# TYPE a gauge\na{l="x\\"\\\\\\n"} 1\n');
  });
});
