/** `eli label` and `eli annotate` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';

describe('label and annotate', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    for (const name of ['db', 'web']) await startTestPod(device.client, { name });
  });
  after(() => device.close());

  const run = (...args: string[]): Promise<EliResult> => eli(args, { env: { ELIOT_RUN_DIR: device.runDirectory } });
  const metadataOf = async (name: string) => (await device.client.get(pods, { namespace: 'default', name })).metadata;

  /** In this order: each finds what those before it have left. */
  for (const { args, prints = '', complains = /^$/ } of [
    { args: 'label pod web a=1', prints: 'pod/web labeled\n' },
    { args: 'label pod web a=1', prints: 'pod/web not labeled\n' },
    { args: 'label pod web a=2', complains: /^error: 'a' already has a value \(1\), and --overwrite is false\n/ },
    { args: 'label pod web a=2 --overwrite', prints: 'pod/web labeled\n' },
    { args: 'label pod web nope-', prints: 'label "nope" not found.\npod/web not labeled\n' },
    { args: 'label pods --all x=y', prints: 'pod/db labeled\npod/web labeled\n' },
    { args: 'label pods -l x=y w=1', prints: 'pod/db labeled\npod/web labeled\n' },
    { args: 'label pods -l x=n w=1' },
    { args: 'label pod web q=1 --dry-run=client', prints: 'pod/web labeled (dry run)\n' },
    { args: 'label pod web q=1 --dry-run=server', prints: 'pod/web labeled (server dry run)\n' },
    { args: 'label pod web a- -o name', prints: 'pod/web\n' },
    { args: 'label pod web --list', prints: 'x=y\nw=1\n' },
    {
      args: 'label pods web db --list',
      prints: ' x=y\n w=1\n x=y\n w=1\n',
      complains: /^Listing labels for Pod\.\/web:/,
    },
    { args: 'label pod web nope a=3', prints: 'pod/web labeled\n', complains: /pods "nope" not found/ },
    { args: 'label pod web a=4 --overwrite --resource-version=1', complains: /^Error from server \(Conflict\)/ },
    { args: 'label pods --all a=4 --resource-version=1', complains: /may only be used with a single resource/ },
    { args: 'label pods a=4', complains: /resource\(s\) were provided, but no name was specified/ },
    { args: 'label pod web a=4 --list', complains: /^error: when specifying --list, no labels changes are allowed/ },
    { args: 'annotate pod/web pod/db note=x', prints: 'pod/web annotated\npod/db annotated\n' },
    { args: 'annotate pod web note-', prints: 'pod/web annotated\n' },
  ] as readonly { readonly args: string; readonly prints?: string; readonly complains?: RegExp }[]) {
    it(args, async () => {
      const { exitCode, stdout, stderr } = await run(...args.split(' '));
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, /^(?:$|Listing)/.test(stderr) ? 0 : 1);
    });
  }

  it('leave what they say, and who did it', async () => {
    const { labels, annotations, managedFields } = await metadataOf('web');
    assert.deepEqual(labels, { x: 'y', w: '1', a: '3' });
    assert.deepEqual(annotations ?? {}, {});
    assert.ok(managedFields?.some(({ manager }) => manager === 'eli-label'));
    assert.deepEqual((await metadataOf('db')).annotations, { note: 'x' });
  });
});
