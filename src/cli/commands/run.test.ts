/** `eli run` over a connection that is lost, against the real API server, whose containers are scripted. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { leases, pods } from '../../api/resources.ts';
import type { StreamEnds } from '../../apiserver/pod-streams.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { BreakableLink } from '../../testing/breakable-link.ts';
import { EliRun } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { until } from '../../testing/settle.ts';
import { removeTestPods } from '../../testing/test-pods.ts';

const name = 'job';
const key = { namespace: 'default', name };

describe('a run whose connection is lost', () => {
  let device: LocalDevice;
  let link: BreakableLink;
  let kubeconfig: string;
  /** Where each client that has attached sees output. */
  let attached: StreamEnds[];
  let end: AbortController;

  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  beforeEach(async () => {
    const { port } = new URL(device.server);
    link = await BreakableLink.open(Number(port));
    const text = await readFile(device.kubeconfig, 'utf8');
    kubeconfig = await device.write('link.kubeconfig', text.replaceAll(`:${port}`, `:${link.port}`));
    attached = [];
    end = new AbortController();
    device.streams.exec = async (_ref, _command, ends, signal) => {
      attached.push(ends);
      await new Promise<void>((resolve) => {
        for (const over of [signal, end.signal]) over.addEventListener('abort', () => resolve());
      });
      return { exitCode: 0 };
    };
  });
  afterEach(async () => {
    await link.close();
    await removeTestPods(device.client);
    for (const { metadata } of (await device.client.list(leases)).items) {
      await device.client.delete(leases, { namespace: 'default', name: metadata.name ?? '' });
    }
  });

  const start = (args: readonly string[], tty = false): EliRun =>
    new EliRun(['run', '--name', name, ...args, 'busybox:1', '--', 'work'], { env: { KUBECONFIG: kubeconfig }, tty });
  const setState = async (state: object, phase: string): Promise<void> => {
    const status = { phase, containerStatuses: [{ name, image: 'busybox:1', restartCount: 0, state }] };
    await device.client.patch(pods, key, 'merge', { status }, { subresource: 'status' });
  };
  const find = (): Promise<Pod | undefined> =>
    device.client.get<Pod>(pods, key).catch((error: unknown) => {
      if (!isStatusError(error, 'NotFound')) throw error;
      return undefined;
    });
  const begin = async (): Promise<void> => {
    await until(async () => (await find()) !== undefined, 'the pod');
    await setState({ running: {} }, 'Running');
    await until(() => attached.length === 1, 'an attach');
  };

  it('goes on with the output where it was, and tells how the container has ended', async () => {
    const log = new PassThrough();
    log.write('one\ntwo\n');
    device.streams.log = async () => log;
    const run = start([]);
    await begin();
    attached[0]?.stdout?.write('one\n');
    await run.stdout.printed(/one/);
    link.cut();
    await run.stderr.printed(/lost the connection to job \(.*\); joining it again\n/);
    link.mend();
    await run.stdout.printed(/two/);
    log.end('three\n');
    await setState({ terminated: { exitCode: 7 } }, 'Failed');
    assert.equal(await run.ended, 7);
    assert.equal(run.stdout.text, 'one\ntwo\nthree\n');
    assert.equal(await find(), undefined);
  });

  it('lets a program begin that still waits for somebody to look', async () => {
    const log = new PassThrough();
    device.streams.log = async () => log;
    const run = start([]);
    await begin();
    link.cut();
    await run.stderr.printed(/joining it again/);
    link.mend();
    await until(() => attached.length === 2, 'a second attach');
    log.end('all of it\n');
    await setState({ terminated: { exitCode: 0 } }, 'Succeeded');
    assert.equal(await run.ended, 0);
    assert.equal(run.stdout.text, 'all of it\n');
  });

  it('has its terminal again, with its keys', async () => {
    const run = start(['-it'], true);
    await begin();
    attached[0]?.stdout?.write('$ ');
    await run.stdout.printed(/\$ /);
    link.cut();
    await run.stderr.printed(/joining it again/);
    link.mend();
    await until(() => attached.length === 2, 'a second attach');
    const typed = new Promise((resolve) => attached[1]?.stdin?.once('data', resolve));
    run.stdin.write('ls\n');
    assert.equal(String(await typed), 'ls\n');
    attached[1]?.stdout?.write('files\n');
    await run.stdout.printed(/files/);
    await setState({ terminated: { exitCode: 3 } }, 'Failed');
    end.abort();
    assert.equal(await run.ended, 3);
    assert.deepEqual(run.rawModes, [true, false, true, false]);
  });

  it('leaves a pod that is kept as it is when the device stays away', async () => {
    const run = start(['--rm=false', '--lease', '3s']);
    await begin();
    link.cut();
    assert.equal(await run.ended, 125);
    assert.match(run.stderr.text, /lost job, which stays: "eli attach job" joins it again/);
    const { metadata } = (await find()) ?? assert.fail('it was deleted');
    assert.equal(metadata.deletionTimestamp, undefined);
  });

  it('leaves a pod to its lease when the device stays away', async () => {
    const run = start(['--lease', '3s']);
    await begin();
    link.cut();
    assert.equal(await run.ended, 125);
    assert.match(run.stderr.text, /lost job: the device deletes it when it has seen no renewal of its lease for 3 s\n/);
    const { metadata } = (await find()) ?? assert.fail('it was deleted');
    assert.equal(metadata.deletionTimestamp, undefined);
  });

  it('is told when its pod was deleted meanwhile', async () => {
    const run = start([]);
    await begin();
    link.cut();
    await run.stderr.printed(/joining it again/);
    await device.client.delete(pods, key, { gracePeriodSeconds: 0 });
    link.mend();
    assert.equal(await run.ended, 137);
    assert.match(run.stderr.text, /job was deleted meanwhile\n/);
  });

  it('starts all the same when it was lost before the container ran', async () => {
    const run = start([]);
    await until(async () => (await device.client.list(leases)).items.length > 0, 'its lease');
    link.cut();
    link.mend();
    await setState({ running: {} }, 'Running');
    await until(() => attached.length === 1, 'an attach');
    await setState({ terminated: { exitCode: 0 } }, 'Succeeded');
    end.abort();
    assert.equal(await run.ended, 0);
  });
});
