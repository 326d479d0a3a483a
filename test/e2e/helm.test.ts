/** helm 4.1 with a chart of a Deployment, a ConfigMap, a Secret and a ServiceAccount, on a real device. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CommandResult, run } from '../support/command.ts';
import { TestDevice, testImage } from '../support/device.ts';
import { helmPath } from '../support/kubectl.ts';
import { waitFor } from '../support/wait.ts';

const chart = join(import.meta.dirname, '../../examples/hello-chart');

describe('helm 4.1', () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start();
  });
  after(() => device?.close());

  const helm = (...args: string[]): Promise<CommandResult> => {
    const home = join(device.directory, 'helm');
    const env = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
    return run(helmPath(), args, { env: { ...device.clientEnv(), ...env }, timeoutMs: 180_000 });
  };
  const ok = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await helm(...args);
    assert.equal(exitCode, 0, `helm ${args.join(' ')}\n${stdout}${stderr}\n${await described()}`);
    return stdout;
  };
  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const described = async (): Promise<string> => (await device.kubectl(['get', 'all,events', '-o', 'wide'])).stdout;
  const values = (...pairs: string[]): string[] => [`image=${testImage}`, ...pairs].flatMap((pair) => ['--set', pair]);
  const waiting = ['--wait', '--timeout', '120s'];
  /** Waits until the release's pods say so; one that is on its way out may be asked for a moment longer. */
  const prints = async (release: string, text: string): Promise<void> => {
    await waitFor(`${release} that says ${text}`, async () => {
      const { stdout } = await device.kubectl(['logs', `deployment/${release}`]);
      if (stdout !== `${text}\n`) throw new Error(`it says ${stdout}`);
      return true;
    });
  };
  const revisions = async (release: string): Promise<readonly { revision: number; status: string }[]> =>
    JSON.parse(await ok('history', release, '-o', 'json'));

  it('installs a chart and waits until it is ready', async () => {
    assert.match(await ok('install', 'web', chart, ...values(), ...waiting), /STATUS: deployed\nREVISION: 1\n/);
    assert.equal(await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}'), '1');
    await prints('web', 'hello');
    assert.match(
      await kubectl('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].spec.serviceAccountName}'),
      /^web$/,
    );
    assert.match(await ok('list'), /\nweb +\t?default +\t?1 .*deployed/);
    assert.match(await ok('status', 'web'), /==> v1\/Deployment\nNAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +1\/1 /);
    assert.match(await ok('get', 'manifest', 'web'), /GREETING: "hello"/);
  });

  it('writes nothing that is as it should be', async () => {
    const version = (): Promise<string> =>
      kubectl('get', 'configmap/web', 'serviceaccount/web', '-o', 'jsonpath={.items[*].metadata.resourceVersion}');
    const before = await version();
    const generation = ['get', 'deployment', 'web', '-o', 'jsonpath={.metadata.generation}'];
    const revision = await kubectl(...generation);
    await ok('upgrade', 'web', chart, ...values(), ...waiting);
    assert.equal(await version(), before);
    assert.equal(await kubectl(...generation), revision);
  });

  it('upgrades and waits for the new pods', async () => {
    await ok('upgrade', 'web', chart, ...values('greeting=good morning'), ...waiting);
    await prints('web', 'good morning');
    assert.equal(await kubectl('get', 'secret', 'web', '-o', 'jsonpath={.data.PASSWORD}'), 'Y2hhbmdlLW1l');
  });

  it('says who changed what it installed, and takes it back by force', async () => {
    await kubectl('scale', 'deployment', 'web', '--replicas=2');
    const { exitCode, stderr } = await helm('upgrade', 'web', chart, ...values('greeting=evening'), ...waiting);
    assert.equal(exitCode, 1);
    assert.match(stderr, /conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas/);
    await ok('upgrade', 'web', chart, ...values('greeting=evening'), '--force-conflicts', ...waiting);
    assert.equal(await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}'), '1');
    await prints('web', 'evening');
  });

  it('rolls back', async () => {
    await ok('rollback', 'web', '1', ...waiting);
    await prints('web', 'hello');
    const history = await revisions('web');
    assert.equal(history.at(-1)?.status, 'deployed');
    assert.equal(history.filter(({ status }) => status === 'deployed').length, 1);
  });

  it('goes back by itself from an upgrade that does not become ready', async () => {
    const broken = ['--set', 'image=eliot.test/missing:1', '--rollback-on-failure', '--timeout', '15s'];
    const { exitCode, stderr } = await helm('upgrade', 'web', chart, ...broken);
    assert.equal(exitCode, 1);
    assert.match(stderr, /rolled back|rollback-on-failure/i);
    await waitFor('one pod of the old image', async () => {
      const images = await kubectl(
        'get',
        'pods',
        '-l',
        'app=web',
        '-o',
        'jsonpath={.items[*].spec.containers[0].image}',
      );
      return images === testImage;
    });
    await prints('web', 'hello');
  });

  it('runs the tests of the chart and shows what they printed', async () => {
    const text = await ok('test', 'web', '--logs', '--timeout', '120s');
    assert.match(text, /TEST SUITE: +web-greets\n/);
    assert.match(text, /Phase: +Succeeded/);
    assert.match(text, /it greets/);
  });

  it('under --dry-run=server stores nothing', async () => {
    await ok('install', 'dry', chart, ...values(), '--dry-run=server');
    assert.equal(await kubectl('get', 'deployment', 'dry', '--ignore-not-found'), '');
    assert.doesNotMatch(await ok('list'), /dry/);
  });

  it('works on the client side too, as helm 3 does', async () => {
    await ok('install', 'old', chart, ...values(), '--server-side=false', ...waiting);
    await ok('upgrade', 'old', chart, ...values('greeting=new'), '--server-side=false', ...waiting);
    await prints('old', 'new');
    await ok('uninstall', 'old', ...waiting);
  });

  it('uninstalls and leaves nothing behind', async () => {
    await ok('uninstall', 'web', ...waiting);
    const left = await kubectl('get', 'deployments,replicasets,configmaps,secrets,serviceaccounts', '-o', 'name');
    assert.doesNotMatch(left, /\/(web|old|sh\.helm)/);
    await waitFor('no pods', async () => (await kubectl('get', 'pods', '-o', 'name')) === '');
    assert.match(await ok('list'), /^NAME[^\n]*\n$/);
  });
});
