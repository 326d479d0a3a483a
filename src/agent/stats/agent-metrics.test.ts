import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { createAgentMetrics } from './agent-metrics.ts';

describe('what the node uses', () => {
  const clock = new FakeClock();
  const memory = { total: 4_096, usage: 2_048, workingSet: 1_024, rss: 512, available: 3_072 };
  const metrics = createAgentMetrics({
    reader: { cgroup: async () => undefined, machine: async () => ({ cpuNanos: clock.monotonicMs() * 1e5, memory }) },
    clock,
    nodeName: 'device',
    version: 'v1',
    machine: { cpus: 1, memoryBytes: 4_096 },
    pods: { list: () => [] },
    nodeLabels: () => ({}),
    observed: { list: () => [], get: () => undefined },
    cgroupOf: () => '',
  });

  it('keeps nobody who gave up waiting, and goes on for the others', async () => {
    const stop = new AbortController();
    const left = metrics.nodes(stop.signal);
    const stays = metrics.nodes(new AbortController().signal);
    stop.abort(new Error('the client went away'));
    await assert.rejects(left, /the client went away/);
    await settle();
    clock.advance(1_000);
    const [node] = await stays;
    assert.deepEqual(node?.['usage'], { cpu: '100000000n', memory: '1Ki' });
  });
});
