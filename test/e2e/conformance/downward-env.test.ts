/** Conformance: downward API, environment. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodes } from '../../../src/api/resources.ts';
import { wholeUnits } from '../../support/downward-volume-scenarios.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';

describe('conformance: downward API, environment', { concurrency: 4 }, () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const resource = (name: string, of: string, divisor?: string) => ({
    name,
    valueFrom: { resourceFieldRef: { resource: of, ...(divisor === undefined ? {} : { divisor }) } },
  });

  it('downward-env/name-namespace-ip: name, namespace and address of the pod are variables', async () => {
    const env = [field('A', 'metadata.name'), field('B', 'metadata.namespace'), field('C', 'status.podIP')];
    const printed = await on.output({ container: { env }, line: 'echo $A $B $C; hostname; hostname -i' });
    assert.match(printed, /^(pod-\d+) default (10\.[\d.]+)\n\1\n\2\n$/);
  });

  it('downward-env/uid: the uid of the pod is a variable', async () => {
    const name = await on.running({ container: { env: [field('A', 'metadata.uid')] }, line: 'sleep 3600' });
    assert.equal(await on.exec(name, 'echo $A'), `${(await on.pod(name)).metadata.uid}\n`);
    await on.delete(name);
  });

  it('downward-env/host-ip: the address of the device is a variable', async () => {
    const { printed, pod } = await on.run({ container: { env: [field('A', 'status.hostIP')] }, line: 'echo $A' });
    assert.match(printed, /^[\d.]+\n$/);
    assert.equal(printed, `${pod.status.hostIP}\n`);
  });

  it('downward-env/resources: limits and requests are variables, rounded up to the divisor', async () => {
    const env = [
      resource('A', 'limits.cpu'),
      resource('B', 'requests.cpu', '1m'),
      resource('C', 'limits.memory'),
      resource('D', 'requests.memory', '1Mi'),
    ];
    const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } };
    const printed = await on.output({ container: { env, resources }, line: 'echo $A $B $C $D' });
    assert.equal(printed, `2 250 ${64 * 2 ** 20} 32\n`);
  });

  it("downward-env/resources-default-allocatable: limits that are not set are the node's allocatable", async () => {
    const { status } = await on.client.get<{ status: { allocatable: Record<string, string> } }>(nodes, {
      name: 'device',
    });
    const { cpu = '', memory = '' } = status.allocatable;
    const env = [resource('A', 'limits.cpu'), resource('B', 'limits.memory')];
    const printed = await on.output({ container: { env }, line: 'echo $A $B' });
    assert.equal(printed, `${wholeUnits(cpu)} ${wholeUnits(memory)}\n`);
  });

  it('every field that Kubernetes has is a variable', async () => {
    const paths = {
      A: "metadata.labels['app']",
      B: "metadata.annotations['example.com/note']",
      C: "metadata.labels['none']",
      D: 'spec.nodeName',
      E: 'spec.serviceAccountName',
      F: 'status.podIPs',
      G: 'status.hostIPs',
    };
    const { printed, pod } = await on.run({
      metadata: { labels: { app: 'web' }, annotations: { 'example.com/note': 'a note' } },
      container: { env: Object.entries(paths).map(([name, path]) => field(name, path)) },
      line: 'echo "$A,$B,[$C],$D,$E"; echo $F; echo $G',
    });
    const all = (list: readonly { readonly ip?: string }[] = []): string => list.map(({ ip }) => ip).join(',');
    assert.equal(
      printed,
      `web,a note,[],device,default\n${all(pod.status.podIPs)}\n${all(pod.status.hostIPs as never)}\n`,
    );
  });
});
