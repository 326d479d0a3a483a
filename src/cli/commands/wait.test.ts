/** `eli wait` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources.ts';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod, testPod } from '../../testing/test-pods.ts';

describe('wait', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    for (const name of ['db', 'web']) await startTestPod(device.client, { name, labels: { app: name } });
  });
  after(() => device.close());

  const env = (): Record<string, string> => ({ ELIOT_RUN_DIR: device.runDirectory });
  const run = (args: string): Promise<EliResult> => eli(['wait', ...args.split(' ')], { env: env() });

  for (const { args, prints = '', complains = /^$/ } of [
    { args: 'pod/web --for=jsonpath={.status.phase}=Running', prints: 'pod/web condition met\n' },
    { args: 'pods --all --for=create', prints: 'pod/db condition met\npod/web condition met\n' },
    { args: 'pods -l app=db --for=create --for=jsonpath=.kind -o name', prints: 'pod/db\npod/db\n' },
    { args: 'pod/nope --for=delete', prints: '' },
    { args: 'pods -l app=none --for=delete', prints: '' },
    { args: 'pods -l app=none --for=condition=Ready', complains: /^error: no matching resources found\n$/ },
    { args: 'pods --for=delete', complains: /^error: resource\(s\) were provided, but no name was specified\n/ },
    { args: 'pod/web --for=condition=Ready --timeout=0', complains: /^error: condition not met for pods\/web\n$/ },
    {
      args: 'pod/web --for=condition=Ready --timeout=20ms',
      complains: /^error: timed out waiting for the condition on pods\/web\n$/,
    },
    { args: 'pod/nope --for=create --timeout=0', complains: /^error: timed out waiting for the condition\n$/ },
    { args: 'pod/nope --for=create --timeout=20ms', complains: /^error: timed out waiting for the condition\n$/ },
    { args: 'pod/web', complains: /^error: unrecognized condition: ""\n/ },
    {
      args: 'pod/nope pod/web --for=jsonpath=.kind',
      prints: 'pod/web condition met\n',
      complains: /^Error from server \(NotFound\): pods "nope" not found/,
    },
  ] as readonly { readonly args: string; readonly prints?: string; readonly complains?: RegExp }[]) {
    it(args, async () => {
      const { exitCode, stdout, stderr } = await run(args);
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, stderr === '' ? 0 : 1);
    });
  }

  it('follows an object until it is as it shall be', async () => {
    const waiting = new EliRun(['wait', 'pod/web', '--for=condition=Ready', '--timeout=-1s'], { env: env() });
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    const key = { namespace: 'default', name: 'web' };
    await device.client.patch(pods, key, 'merge', { status }, { subresource: 'status' });
    assert.equal(await waiting.ended, 0);
    assert.equal(waiting.stdout.text, 'pod/web condition met\n');
  });

  it('waits for what is made, and for what goes away', async () => {
    const made = new EliRun(['wait', 'pod/late', '--for=create'], { env: env() });
    await device.client.create(pods, testPod({ name: 'late' }));
    assert.equal(await made.ended, 0);
    assert.equal(made.stdout.text, 'pod/late condition met\n');
    const gone = new EliRun(['wait', 'pod/late', '--for=delete'], { env: env() });
    await device.client.delete(pods, { namespace: 'default', name: 'late' }, { gracePeriodSeconds: 0 });
    assert.equal(await gone.ended, 0);
    // One that was gone before the first look is not worth a word.
    assert.match(gone.stdout.text, /^(pod\/late condition met\n)?$/);
  });
});
