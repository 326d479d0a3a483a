/** More pods than a device can hold: wanted by a ReplicaSet, and finished ones that nobody takes away. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../src/api/kinds/pod/types.ts';
import { nodes, pods, replicaSets } from '../../src/api/resources.ts';
import { shellPod } from '../support/device.ts';
import { ScenarioDevice } from '../support/scenario-device.ts';
import { Workloads } from '../support/workload-scenarios.ts';

const mib = 1024 * 1024;
/** The quota of a device that says nothing; only so few of them run here. */
const podQuota = 220;
const maxPods = 3;
const terminatedPodGCThreshold = 4;

describe('more pods than a device can hold', () => {
  const manifests = mkdtempSync(join(tmpdir(), 'eliot-many-'));
  let on: ScenarioDevice;
  let w: Workloads;
  before(async () => {
    mkdirSync(manifests, { recursive: true });
    const settings = { podQuota, maxPods, terminatedPodGCThreshold, staticPodPath: manifests };
    on = await ScenarioDevice.start({ config: JSON.stringify(settings) });
    w = new Workloads(on);
  });
  after(async () => {
    await on?.close();
    rmSync(manifests, { recursive: true, force: true });
  });

  /** Memory of eliotd that is no file's, in bytes. */
  const anonymousBytes = (): number => {
    const [, kib] = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${on.device.pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  };
  const databaseBytes = (): number =>
    readdirSync(on.device.dataDir)
      .filter((name) => name.startsWith('eliot.db'))
      .reduce((sum, name) => sum + statSync(join(on.device.dataDir, name)).size, 0);
  const allPods = async (): Promise<readonly Pod[]> => (await on.client.list<Pod>(pods)).items;

  it('a ReplicaSet of 100,000 gets as many as the quota has, and the device stays quick and small', async () => {
    await w.createReplicaSet('endless', { replicas: 100_000 });
    await w.until('ReplicaFailure', async () => {
      const { status } = await w.replicaSet('endless');
      return status.replicas === podQuota && status.conditions?.some(({ type }) => type === 'ReplicaFailure');
    });
    await w.ready('endless', maxPods, podQuota);
    const [condition] = (await w.replicaSet('endless')).status.conditions ?? [];
    assert.equal(condition?.reason, 'FailedCreate');
    assert.match(
      condition?.message ?? '',
      /exceeded quota: podQuota, requested: pods=1, used: pods=220, limited: pods=220$/,
    );

    const tookMs: number[] = [];
    for (let look = 0; look < 40; look += 1) {
      const startedMs = performance.now();
      await on.client.get(nodes, { name: 'device' });
      tookMs.push(performance.now() - startedMs);
    }
    tookMs.sort((a, b) => a - b);
    assert.ok((tookMs[20] ?? 0) < 250, `an answer took ${tookMs[20]} ms in the middle`);
    assert.ok(anonymousBytes() < 80 * mib, `${anonymousBytes() / mib} MiB of memory`);
    assert.ok(databaseBytes() < 16 * mib, `${databaseBytes() / mib} MiB of flash`);

    const refused = await on.device.kubectl(['create', '-f', '-'], {
      input: JSON.stringify(shellPod('one-more', 'true')),
    });
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /Forbidden\): .*pods "one-more" is forbidden: exceeded quota: podQuota/);
    assert.equal((await allPods()).length, podQuota);

    await w.change(replicaSets, 'endless', { replicas: 1 });
    await w.until('one pod', async () => (await allPods()).length === 1);
    await w.ready('endless', 1);
    assert.equal((await w.replicaSet('endless')).status.conditions, undefined);
    await w.delete(replicaSets, 'endless');
    await w.until('no pod', async () => (await allPods()).length === 0);
  });

  it('finished pods go, the oldest first, but for those that the manifest directory would run again', async () => {
    writeFileSync(join(manifests, 'once.yaml'), JSON.stringify(shellPod('once', 'true', { restartPolicy: 'Never' })));
    const finished = async (name: string): Promise<Pod> =>
      on.until(name, 'its end', ({ status }) => status.phase === 'Succeeded');
    await w.until('the pod of the manifest', async () => (await allPods()).length === 1);
    const once = await finished('once');
    const names: string[] = [];
    // With more than twice the threshold nobody waits for the next look.
    for (let count = 0; count < 2 * terminatedPodGCThreshold; count += 1) {
      const name = await on.create({ line: 'true' });
      await finished(name);
      names.push(name);
    }
    const left = await w.until('the collection', async () => {
      const found = await allPods();
      return found.length === terminatedPodGCThreshold && found;
    });
    assert.deepEqual(
      left.map(({ metadata }) => metadata.name).sort(),
      ['once', ...names.slice(1 - terminatedPodGCThreshold)].sort(),
    );
    assert.equal(left.find(({ metadata }) => metadata.name === 'once')?.metadata.uid, once.metadata.uid);
  });
});
