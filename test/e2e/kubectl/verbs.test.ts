/** kubectl 1.35: verbs that are seldom used, and what it says of a kind that is not served. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { apiVersionOf, kinds } from '../../../src/api/scheme.ts';
import { shellPod, TestDevice } from '../../support/device.ts';
import { waitFor } from '../../support/wait.ts';

describe('kubectl 1.35 with seldom used verbs', () => {
  let device: TestDevice;
  let file: string;
  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const refusal = async (...args: string[]): Promise<string> => {
    const { exitCode, stderr } = await device.kubectl(args);
    assert.notEqual(exitCode, 0);
    return stderr;
  };

  before(async () => {
    device = await TestDevice.start();
    await device.create(shellPod('web', 'sleep 3600'));
    await device.waitForPhase('web', 'Running');
    await kubectl('create', 'configmap', 'settings', '--from-literal=a=1');
    file = join(device.directory, 'settings.json');
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: '2' } };
    writeFileSync(file, JSON.stringify(settings));
  });
  after(() => device?.close());

  it('explain describes fields at any depth', async () => {
    const containers = await kubectl('explain', 'pod.spec.containers');
    assert.match(containers, /^KIND: +Pod\nVERSION: +v1\n\nFIELD: containers <\[\]Container>/);
    assert.match(containers, /\n {2}livenessProbe\t<Probe>\n/);
    assert.match(await kubectl('explain', 'pod.spec.containers.resources.limits'), /<map\[string\]Quantity>/);
    assert.match(await kubectl('explain', 'lease.spec', '--recursive'), /\n {2}holderIdentity\t<string>\n/);
    assert.match(await refusal('explain', 'pod.spec.nope'), /field "nope" does not exist/);
  });

  it('get --raw gives OpenAPI, discovery and objects', async () => {
    const document = JSON.parse(await kubectl('get', '--raw', '/openapi/v3/api/v1')) as {
      readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
    };
    assert.ok(document.components.schemas['io.k8s.api.core.v1.Pod']);
    assert.deepEqual((JSON.parse(await kubectl('get', '--raw', '/api')) as { versions: unknown }).versions, ['v1']);
    assert.equal(await kubectl('get', '--raw', '/livez'), 'ok');
  });

  it('api-versions lists every version that is served', async () => {
    const served = new Set(kinds.map(apiVersionOf));
    assert.deepEqual((await kubectl('api-versions')).trim().split('\n'), [...served].sort());
  });

  it('diff shows what apply would change', async () => {
    const { exitCode, stdout, stderr } = await device.kubectl(['diff', '-f', file]);
    assert.equal(exitCode, 1, stderr);
    assert.match(stdout, /\n- {2}a: "1"\n\+ {2}a: "2"\n/);
  });

  it('replace puts a whole object, by force a new one', async () => {
    assert.equal(await kubectl('replace', '-f', file), 'configmap/settings replaced\n');
    assert.equal(await kubectl('get', 'cm', 'settings', '-o', 'jsonpath={.data.a}'), '2');
    const uid = ['get', 'cm', 'settings', '-o', 'jsonpath={.metadata.uid}'];
    const before = await kubectl(...uid);
    await kubectl('replace', '--force', '-f', file);
    assert.notEqual(await kubectl(...uid), before);
  });

  it('get --watch --output-watch-events tells events, and ends in time', async () => {
    const args = ['get', 'pods', '--watch', '--output-watch-events', '-o', 'wide', '--request-timeout=1s'];
    assert.match(await kubectl(...args), /^EVENT +NAME .*\nADDED +web +1\/1 +Running /);
  });

  it('cordon, taint and their opposites change the node', async () => {
    const spec = (): Promise<string> => kubectl('get', 'node', 'device', '-o', 'jsonpath={.spec}');
    await kubectl('cordon', 'device');
    assert.match(await spec(), /"unschedulable":true/);
    await kubectl('uncordon', 'device');
    assert.doesNotMatch(await spec(), /"unschedulable":true/);
    // As in a cluster, the taint of a cordoned node is a controller's: it goes a moment later.
    await waitFor('no taint', async () => !(await spec()).includes('node.kubernetes.io/unschedulable'));
    await kubectl('taint', 'node', 'device', 'a=b:NoSchedule');
    assert.match(await spec(), /"key":"a"/);
    await kubectl('taint', 'node', 'device', 'a-');
    assert.doesNotMatch(await spec(), /"key":"a"/);
  });

  it('patch and get reach the status of a pod', async () => {
    const patch = '{"status":{"message":"by hand"}}';
    const patched = await kubectl('patch', 'pod', 'web', '--subresource=status', '--type=merge', '-p', patch);
    assert.equal(patched, 'pod/web patched\n');
    assert.match(await kubectl('get', 'pod', 'web', '--subresource=status'), /web +1\/1 +Running/);
  });

  it('get says that a kind is not served', async () => {
    assert.match(await refusal('get', 'statefulsets'), /the server doesn't have a resource type "statefulsets"/);
  });
});
