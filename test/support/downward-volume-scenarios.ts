/** Scenarios that hold alike for downward API volumes and downward API items in projected ones. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { nodes, pods } from '../../src/api/resources.ts';
import type { ScenarioDevice } from './scenario-device.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface DownwardVolumes {
  /** Its slugs begin with this. */
  readonly area: string;
  source(items: readonly Fields[], defaultMode?: number): Fields;
}

const podName = { path: 'podname', fieldRef: { fieldPath: 'metadata.name' } };
const resources = {
  requests: { cpu: '250m', memory: '32Mi' },
  limits: { cpu: '1250m', memory: '64Mi' },
};

/** Declares the eleven tests of an area. */
export function testDownwardVolumes(on: () => ScenarioDevice, { area, source }: DownwardVolumes): void {
  const slug = (name: string, sentence: string): string => `${area}/${name}: ${sentence}`;

  it(slug('pod-name', "a file holds the pod's name"), async () => {
    const printed = await on().output({ volumes: { v: source([podName]) }, line: 'cat /v/podname; echo; hostname' });
    const [name, hostname] = printed.trim().split('\n');
    assert.match(printed, /^pod-\d+\n/);
    assert.equal(name, hostname);
  });

  for (const { name, volume } of [
    { name: 'default-mode', volume: source([podName], 0o400) },
    { name: 'item-mode', volume: source([{ ...podName, mode: 0o400 }]) },
  ]) {
    it(slug(name, 'the file has the mode that was asked for'), async () => {
      assert.equal(await on().output({ volumes: { v: volume }, line: 'stat -Lc %a /v/podname' }), '400\n');
    });
  }

  for (const { what, value2, quoted } of [
    { what: 'labels', value2: 'value2', quoted: 'value2' },
    { what: 'annotations', value2: 'value "2"', quoted: 'value \\"2\\"' },
  ]) {
    it(slug(`${what}-update`, `the file follows a change of the ${what} while the pod runs`), async () => {
      const pod = await on().running({
        metadata: { [what]: { key1: 'value1', key2: value2 } },
        volumes: { v: source([{ path: what, fieldRef: { fieldPath: `metadata.${what}` } }]) },
        line: 'sleep 3600',
      });
      await on().prints(pod, `cat /v/${what}`, `key1="value1"\nkey2="${quoted}"`);
      await on().patch(pods, pod, { metadata: { [what]: { key2: null, key3: 'value3' } } });
      await on().prints(pod, `cat /v/${what}`, 'key1="value1"\nkey3="value3"');
      await on().delete(pod);
    });
  }

  for (const { name, resource, divisor, expected } of [
    { name: 'cpu-limit', resource: 'limits.cpu', divisor: '1m', expected: '1250' },
    { name: 'cpu-request', resource: 'requests.cpu', divisor: '1m', expected: '250' },
    { name: 'memory-limit', resource: 'limits.memory', divisor: '1Mi', expected: '64' },
    { name: 'memory-request', resource: 'requests.memory', divisor: '1Mi', expected: '32' },
  ]) {
    it(slug(name, `a file holds ${resource} of the named container`), async () => {
      const item = { path: 'value', resourceFieldRef: { containerName: 'main', resource, divisor } };
      const printed = await on().output({
        volumes: { v: source([item]) },
        container: { resources },
        line: 'cat /v/value',
      });
      assert.equal(printed, expected);
    });
  }

  for (const resource of ['cpu', 'memory'] as const) {
    it(slug(`${resource}-default-allocatable`, `without a limit the file holds the node's allocatable`), async () => {
      const { status } = await on().client.get<{ status: { allocatable: Record<string, string> } }>(nodes, {
        name: 'device',
      });
      const item = { path: 'value', resourceFieldRef: { containerName: 'main', resource: `limits.${resource}` } };
      const printed = await on().output({ volumes: { v: source([item]) }, line: 'cat /v/value' });
      assert.equal(printed, wholeUnits(status.allocatable[resource] ?? ''));
    });
  }
}

/** A quantity of the node in whole cores or bytes, rounded up. */
export function wholeUnits(quantity: string): string {
  const [, amount = '', unit = ''] = /^([\d.]+)(\w*)$/.exec(quantity) ?? [];
  const factors: Readonly<Record<string, number>> = { '': 1, m: 0.001, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };
  return String(Math.ceil(Number(amount) * (factors[unit] ?? Number.NaN)));
}
