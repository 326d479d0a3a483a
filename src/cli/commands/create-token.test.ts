/** `eli create token` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { serviceAccounts } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';

describe('create token', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    for (const name of ['robot', 'default']) {
      const metadata = { namespace: 'default', name };
      await device.client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    }
    await startTestPod(device.client, { name: 'web' });
  });
  after(() => device.close());

  const run = (...args: string[]): Promise<EliResult> =>
    eli(['create', 'token', ...args], { env: { ELIOT_RUN_DIR: device.runDirectory } });

  it('prints one, and nothing else', async () => {
    const { stdout, stderr, exitCode } = await run('robot');
    assert.deepEqual([stderr, exitCode], ['', 0]);
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });

  it('asks for what the flags say', async () => {
    const { stdout } = await run('robot', '--audience=a', '--audience=b', '--duration=1h30m', '-o', 'json');
    const { spec } = JSON.parse(stdout) as { spec: unknown };
    assert.deepEqual(spec, { audiences: ['a', 'b'], expirationSeconds: 5400 });
    const bound = await run('default', '--bound-object-kind=Pod', '--bound-object-name=web', '-o', 'json');
    assert.match(bound.stdout, /"boundObjectRef": \{[^}]*"name": "web"/);
  });

  for (const { args, complains } of [
    { args: [], complains: /^error: exactly one NAME is required, got 0\n/ },
    { args: ['a', 'b'], complains: /^error: exactly one NAME is required, got 2\n/ },
    { args: ['nope'], complains: /^error: failed to create token: serviceaccounts "nope" not found\n/ },
    {
      args: ['robot', '--duration=1m'],
      complains: /^error: failed to create token: .*may not specify a duration less than 10 minutes/,
    },
    { args: ['robot', '--duration=-5m'], complains: /^error: --duration must be greater than or equal to 0\n/ },
    { args: ['robot', '--duration=x'], complains: /^error: invalid argument "x" for "--duration" flag/ },
    {
      args: ['robot', '--bound-object-kind=X'],
      complains: /^error: supported --bound-object-kind values are Node, Pod, Secret\n/,
    },
    { args: ['robot', '--bound-object-kind=Pod'], complains: /^error: --bound-object-name is required if/ },
    { args: ['robot', '--bound-object-name=x'], complains: /^error: --bound-object-name can only be set if/ },
    { args: ['robot', '--bound-object-uid=x'], complains: /^error: --bound-object-uid can only be set if/ },
  ]) {
    it(`refuses "${args.join(' ')}"`, async () => {
      const { exitCode, stderr, stdout } = await run(...args);
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, complains);
    });
  }
});
