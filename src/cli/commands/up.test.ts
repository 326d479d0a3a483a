/** `eli up` against the real API server and real file sync; its container is scripted. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { leases, nodes, pods } from '../../api/resources.ts';
import type { StreamEnds } from '../../apiserver/pod-streams.ts';
import { isStatusError } from '../../lib/status-error.ts';
import { BreakableLink } from '../../testing/breakable-link.ts';
import { EliRun } from '../../testing/eli-runner.ts';
import { LocalDevice, testNodeName } from '../../testing/local-device.ts';
import { until } from '../../testing/settle.ts';
import { syncedTree } from '../../testing/sync-pair.ts';
import { removeTestPods } from '../../testing/test-pods.ts';

const name = 'meter';
const key = { namespace: 'default', name };

/** Streams of a container, or of a command in it, that somebody has joined. */
interface Joined {
  readonly command: readonly string[];
  readonly ends: StreamEnds;
  end(exitCode: number): void;
}

describe('eli up', () => {
  let device: LocalDevice;
  let link: BreakableLink;
  let kubeconfig: string;
  let root: string;
  let project: string;
  let there: string;
  let joined: Joined[];
  let runs: EliRun[];

  const stop = new AbortController();

  before(async () => {
    device = await LocalDevice.start();
    const status = { nodeInfo: { architecture: 'arm64' } };
    await device.client.patch(nodes, { name: testNodeName }, 'merge', { status }, { subresource: 'status' });
    void endDeleted();
  });
  after(async () => {
    stop.abort();
    await device.close();
  });
  /** As a device does it, at once. */
  const endDeleted = async (): Promise<void> => {
    for await (const event of device.client.watch<Pod>(pods, {}, stop.signal)) {
      if (event.type === 'MODIFIED' && event.object.metadata.deletionTimestamp !== undefined) {
        await device.client.delete(pods, key, { gracePeriodSeconds: 0 });
      }
    }
  };
  beforeEach(async () => {
    const { port } = new URL(device.server);
    link = await BreakableLink.open(Number(port));
    const text = await readFile(device.kubeconfig, 'utf8');
    kubeconfig = await device.write('link.kubeconfig', text.replaceAll(`:${port}`, `:${link.port}`));
    root = mkdtempSync(join(tmpdir(), 'eliot-up-'));
    project = join(root, name);
    there = join(root, 'there');
    mkdirSync(project);
    mkdirSync(there);
    writeFileSync(join(project, 'main.py'), 'one');
    joined = [];
    runs = [];
    device.streams.sync = async () => syncedTree(there, join(root, 'staging')).stream;
    device.streams.exec = (_ref, command, ends, signal) => {
      const { promise, resolve } = Promise.withResolvers<{ readonly exitCode: number }>();
      joined.push({ command, ends, end: (exitCode) => resolve({ exitCode }) });
      signal.addEventListener('abort', () => resolve({ exitCode: 0 }));
      return promise;
    };
  });
  afterEach(async () => {
    for (const run of runs) run.signal('SIGINT');
    await Promise.all(runs.map(({ ended }) => ended));
    await link.close();
    await removeTestPods(device.client);
    for (const { metadata } of (await device.client.list(leases)).items) {
      await device.client.delete(leases, { namespace: 'default', name: metadata.name ?? '' });
    }
    rmSync(root, { recursive: true });
  });

  const up = (...args: readonly string[]): EliRun => {
    const outputFiles = [join(project, 'up [1].log')];
    const env = { KUBECONFIG: kubeconfig, USER: 'ada' };
    const run = new EliRun(['up', ...args], { env, directory: project, outputFiles });
    runs.push(run);
    return run;
  };
  const find = (): Promise<Pod | undefined> =>
    device.client.get<Pod>(pods, key).catch((error: unknown) => {
      if (!isStatusError(error, 'NotFound')) throw error;
      return undefined;
    });
  const word = async (): Promise<string | undefined> =>
    (await find())?.metadata.annotations?.[`eliot.run/start.${name}`];
  /** What the device says of the container: which one it is, counted from 0. */
  const setState = async (count: number, state: object, phase = 'Running'): Promise<void> => {
    const status = { name, image: 'python', containerID: `c${count}`, restartCount: count, state };
    await device.client.patch(
      pods,
      key,
      'merge',
      { status: { phase, containerStatuses: [status] } },
      { subresource: 'status' },
    );
  };
  const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const begin = async (): Promise<void> => {
    await until(async () => (await find()) !== undefined, 'the pod');
    await setState(0, running);
    await until(() => joined.length === 1, 'an attach');
  };
  /** As the device: another word is another container. */
  const restart = async (count: number): Promise<void> => {
    await until(async () => (await word()) === String(count + 1), 'another word');
    joined.at(-1)?.end(0);
    await setState(count, running);
    await until(() => joined.length === count + 1, 'another attach');
  };

  it('lets the program begin when its files are there, and starts it anew for each change', async () => {
    const run = up();
    await begin();
    assert.equal(readFileSync(join(there, 'main.py'), 'utf8'), 'one');
    joined[0]?.ends.stdout?.write('one');
    await run.stdout.printed(/one/);
    writeFileSync(join(project, 'main.py'), 'two');
    await restart(1);
    assert.equal(readFileSync(join(there, 'main.py'), 'utf8'), 'two');
    joined[1]?.ends.stderr?.write('trouble');
    await run.stderr.printed(/main\.py changed: the program starts anew\n[\s\S]*trouble/);
    run.signal('SIGINT');
    assert.equal(await run.ended, 0);
    assert.equal(run.stdout.text, 'one');
    assert.equal(await find(), undefined);
  });

  it('does not follow what it writes itself', async () => {
    writeFileSync(join(project, 'up [1].log'), 'x');
    const run = up();
    await begin();
    writeFileSync(join(project, 'up [1].log'), 'xx');
    writeFileSync(join(project, 'up 1.log'), 'x');
    await run.stderr.printed(/changed/);
    assert.match(run.stderr.text, /up 1\.log changed/);
    assert.equal(existsSync(join(there, 'up [1].log')), false);
  });

  it('says how the program has ended, and starts it again when something is saved', async () => {
    const run = up();
    await begin();
    joined[0]?.end(0);
    await setState(0, { terminated: { exitCode: 137, reason: 'OOMKilled' } });
    await run.stderr.printed(/the program has ended with exit code 137 \(OOMKilled\); it starts again/);
    assert.equal(await word(), '1');
    writeFileSync(join(project, 'main.py'), 'two');
    await restart(1);
  });

  it('joins a start that the device could not do at once', async () => {
    const run = up();
    await begin();
    writeFileSync(join(project, 'main.py'), 'two');
    await until(async () => (await word()) === '2', 'another word');
    joined[0]?.end(0);
    await setState(0, { waiting: { reason: 'CreateContainerConfigError', message: 'no device is free' } });
    await run.stderr.printed(/the program could not be started: no device is free/);
    await setState(1, running);
    await until(() => joined.length === 2, 'another attach');
  });

  it('runs a command after each change, the newest only', async () => {
    const run = up('--on-change', 'check it');
    await begin();
    writeFileSync(join(project, 'main.py'), 'two');
    await until(() => joined.length === 2, 'the command');
    assert.deepEqual(joined[1]?.command, ['check', 'it']);
    writeFileSync(join(project, 'main.py'), 'three');
    await until(() => joined.length === 3, 'the command once more');
    joined[2]?.end(0);
    await run.stderr.printed(/check it has ended with exit code 0/);
    assert.equal(run.stderr.text.match(/has ended with/g)?.length, 1);
    assert.equal(await word(), '1');
  });

  it('goes on with output and files when the connection was lost', async () => {
    const log = new PassThrough();
    log.write('one\ntwo\n');
    device.streams.log = async () => log;
    const run = up();
    await begin();
    joined[0]?.ends.stdout?.write('one\n');
    await run.stdout.printed(/one/);
    link.cut();
    await run.stderr.printed(/lost the connection to meter/);
    writeFileSync(join(project, 'new.py'), '');
    link.mend();
    await run.stdout.printed(/one\ntwo\n/);
    await until(() => existsSync(join(there, 'new.py')), 'the file that was made meanwhile');
  });

  it('leaves the pod to its lease when the device stays away', async () => {
    const run = up('--lease', '3s');
    await begin();
    link.cut();
    assert.equal(await run.ended, 1);
    assert.match(
      run.stderr.text,
      /lost meter: the device deletes it when it has seen no renewal of its lease for 3 s\n/,
    );
    assert.equal((await find())?.metadata.deletionTimestamp, undefined);
  });

  it('ends when somebody has taken the pod over, and leaves it to them', async () => {
    const run = up();
    await begin();
    const metadata = { annotations: { 'eliot.run/taken-over-by': 'bob@desk' } };
    await device.client.patch(pods, key, 'merge', { metadata });
    assert.equal(await run.ended, 1);
    assert.match(run.stderr.text, /error: meter is no longer yours: bob@desk has taken it over\n/);
    assert.equal((await find())?.metadata.deletionTimestamp, undefined);
  });

  it('says who has taken the pod over while the device was away', async () => {
    const run = up();
    await begin();
    link.cut();
    await run.stderr.printed(/lost the connection/);
    const { metadata, spec } = (await find()) ?? assert.fail('no pod');
    await device.client.delete(pods, key, { gracePeriodSeconds: 0 });
    const annotations = { 'eliot.run/owner': 'bob@desk' };
    const theirs = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', annotations }, spec };
    await device.client.create(pods, theirs as unknown as Pod);
    link.mend();
    assert.equal(await run.ended, 1);
    assert.match(run.stderr.text, /error: meter is no longer yours: bob@desk has taken it over\n/);
    assert.notEqual((await find())?.metadata.uid, metadata.uid);
  });

  it('says that a port was asked for that is taken, and leaves nothing behind', async () => {
    const run = up('-p', `${link.port}:80`);
    await until(async () => (await find()) !== undefined, 'the pod');
    await setState(0, running);
    assert.equal(await run.ended, 1);
    assert.match(
      run.stderr.text,
      /error: cannot listen on port \d+ of this machine: EADDRINUSE\n {2}another one is chosen by/,
    );
    assert.equal(await find(), undefined);
  });

  it('leaves nothing behind when its image cannot be had', async () => {
    const run = up();
    await until(async () => (await find()) !== undefined, 'the pod');
    await setState(0, { waiting: { reason: 'ErrImagePull', message: 'no match for platform in manifest' } }, 'Pending');
    assert.equal(await run.ended, 1);
    assert.match(run.stderr.text, /error: docker\.io\/library\/python:latest has nothing for arm64, the architecture/);
    assert.equal(await find(), undefined);
  });
});
