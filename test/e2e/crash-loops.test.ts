/** A hundred containers that crash as soon as they run: the device stays usable, and eliotd cheap. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cpuMs, memoryOf, writtenBytes } from '../../bench/memory.ts';
import type { Pod } from '../../src/api/kinds/pod/types.ts';
import { pods } from '../../src/api/resources.ts';
import { testImage } from '../support/device.ts';
import { ScenarioDevice } from '../support/scenario-device.ts';
import { waitFor } from '../support/wait.ts';

const podCount = 10;
const containersEach = 10;

describe('a hundred crash-looping containers', () => {
  let on: ScenarioDevice;
  before(async () => {
    // The run directory on tmpfs, as on a device: what is observed is no write to disk.
    on = await ScenarioDevice.start({ runOnTmpfs: true });
  });
  after(() => on?.close());

  /** How long the API took for each list, all the while. */
  const latencies: number[] = [];
  const list = async (): Promise<readonly Pod[]> => {
    const begun = performance.now();
    const { items } = await on.client.list<Pod>(pods, { namespace: 'default', labelSelector: 'crash=loop' });
    latencies.push(performance.now() - begun);
    return items;
  };
  const counts = (all: readonly Pod[]): readonly number[] =>
    all.flatMap(({ status }) => (status.containerStatuses ?? []).map(({ restartCount }) => restartCount));

  it('leave the API answering, other pods starting, and eliotd small', async (t) => {
    const { pid } = on.device;
    const containers = Array.from({ length: containersEach }, (_, index) => ({
      name: `c${index}`,
      image: testImage,
      command: ['false'],
    }));
    const spec = { restartPolicy: 'Always', containers };
    await Promise.all(
      Array.from({ length: podCount }, () => on.create({ spec, metadata: { labels: { crash: 'loop' } } })),
    );

    await waitFor(
      'two restarts of each',
      async () => {
        const seen = counts(await list());
        return seen.length === podCount * containersEach && Math.min(...seen) >= 2;
      },
      { timeoutMs: 240_000, intervalMs: 200 },
    );

    // Another pod comes and goes meanwhile.
    assert.equal(await on.output({ line: 'echo alive' }), 'alive\n');

    const before = { restarts: sum(counts(await list())), cpuMs: cpuMs(pid), written: writtenBytes([pid]) };
    const begun = performance.now();
    await waitFor(
      'a hundred more restarts',
      async () => sum(counts(await list())) >= before.restarts + podCount * containersEach,
      { timeoutMs: 240_000, intervalMs: 200 },
    );
    const restarts = sum(counts(await list())) - before.restarts;
    const cpuEachMs = (cpuMs(pid) - before.cpuMs) / restarts;
    const minutes = Math.ceil((performance.now() - begun) / 60_000);

    latencies.sort((a, b) => a - b);
    const median = latencies[Math.floor(latencies.length / 2)] ?? 0;
    const { anonymousMb } = memoryOf([pid]);
    const written = writtenBytes([pid]) - before.written;
    const report = [
      `API ${median.toFixed(0)} ms (longest ${latencies.at(-1)?.toFixed(0)} ms)`,
      `${cpuEachMs.toFixed(0)} ms of CPU a restart`,
      `${anonymousMb.toFixed(1)} MB anonymous`,
      `${written} bytes written in ${minutes} min`,
    ].join(', ');
    t.diagnostic(report);
    assert.ok(median < 500 && (latencies.at(-1) ?? 0) < 10_000, report);
    // The lists above included.
    assert.ok(cpuEachMs < 150, report);
    assert.ok(anonymousMb < 60, report);
    // What ended how is written once a minute at most, however often it happens.
    assert.ok(written < (minutes + 1) * 8 * 1024 * 1024, report);

    // Every one of them waits as Kubernetes says.
    const waits = await waitFor('all wait', async () => {
      const states = (await list()).flatMap(({ status }) => status.containerStatuses ?? []);
      const waiting = states.filter(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff');
      return waiting.length >= states.length * 0.8 && waiting;
    });
    for (const { lastState, state } of waits) {
      assert.deepEqual([lastState?.terminated?.exitCode, lastState?.terminated?.reason], [1, 'Error']);
      assert.match(
        state?.waiting?.message ?? '',
        /^back-off (10s|20s|40s|1m20s|2m40s|5m0s) restarting failed container=c\d /,
      );
    }
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
