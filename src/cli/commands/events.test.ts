/** `eli events` against the real API server; table and words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { events, namespaces } from '../../api/resources.ts';
import { EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

/** An event that was seen `ago` seconds before now. */
function event(name: string, ago: number, change: Readonly<Record<string, unknown>> = {}): KubeObject {
  const time = new Date(Date.now() - ago * 1000).toISOString().replace(/\.\d+/, '');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'default' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'default' },
    type: 'Normal',
    reason: 'Started',
    message: 'it runs',
    source: { component: 'test' },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    ...change,
  };
}

describe('events', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    await device.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    const db = { apiVersion: 'v1', kind: 'Pod', name: 'db', namespace: 'default' };
    await device.client.create(events, event('a', 7_200));
    await device.client.create(
      events,
      event('b', 14_400, { type: 'Warning', reason: 'Bad', message: ' \u001b[31mno ', involvedObject: db }),
    );
    const elsewhere = { namespace: 'other', name: 'x' };
    await device.client.create(
      events,
      event('c', 21_600, { metadata: elsewhere, involvedObject: { ...db, ...elsewhere } }),
    );
  });
  after(() => device.close());

  const env = (): Record<string, string> => ({ ELIOT_RUN_DIR: device.runDirectory });
  const header = 'LAST SEEN   TYPE      REASON    OBJECT    MESSAGE\n';

  for (const { args, prints = '', complains = /^$/ } of [
    {
      args: '',
      prints: `${header}4h          Warning   Bad       Pod/db    ^[[31mno\n120m        Normal    Started   Pod/web   it runs\n`,
    },
    { args: '--types=Warning --no-headers', prints: '4h    Warning   Bad   Pod/db   ^[[31mno\n' },
    { args: '--types=normal,warning --for pod/web -o name', prints: 'event/a\n' },
    { args: '--for pod/none', complains: /^No events found in default namespace\.\n$/ },
    { args: '-A --for pod/none', complains: /^No events found\.\n$/ },
    {
      args: '-A --no-headers --for po/x',
      prints: 'other   6h    Normal   Started   Pod/x   it runs\n',
    },
    { args: '--types=Bad', complains: /^error: valid --types are Normal or Warning\n$/ },
    { args: '--for web', complains: /^error: --for must be in resource\/name form\n/ },
    { args: '--for fruit/apple', complains: /^error: the server doesn't have a resource type "fruit"\n/ },
  ] as readonly { readonly args: string; readonly prints?: string; readonly complains?: RegExp }[]) {
    it(`events ${args}`, async () => {
      const { exitCode, stdout, stderr } = await eli(['events', ...args.split(' ').filter(Boolean)], { env: env() });
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, /^error/.test(stderr) ? 1 : 0);
    });
  }

  it('with -w shows each that comes, and how often it has been seen', async () => {
    const run = new EliRun(['events', '-w', '--types=Warning'], { env: env() });
    await run.stdout.printed(/Pod\/db/);
    await device.client.create(events, event('d', 7_200));
    const seen = event('e', 7_200, { type: 'Warning', reason: 'Again', count: 3 });
    await device.client.create(events, seen);
    await run.stdout.printed(/\n120m \(x3 over 120m\) +Warning +Again +Pod\/web +it runs\n/);
    assert.doesNotMatch(run.stdout.text, /Normal/);
    run.signal('SIGINT');
    assert.equal(await run.ended, 130);
  });
});
