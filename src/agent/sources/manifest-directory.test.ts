/** From files to objects: the directory, the controller and an API, together. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps, namespaces, pods } from '../../api/resources.ts';
import { kinds } from '../../api/scheme.ts';
import { silentLogger } from '../../lib/logger.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { WatchedDirectory } from '../../lib/watched-directory.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeObjectClient } from '../../testing/fake-object-client.ts';
import { settle, until } from '../../testing/settle.ts';
import { ManifestDirectory } from './manifest-directory.ts';
import { SourceController } from './source-controller.ts';

let path: string;
let clock: FakeClock;
let client: FakeObjectClient;
let stop: AbortController;
let running: Promise<void>[];
let directory: ManifestDirectory;
let controller: SourceController;
/** What the log said for a person to act on. */
let errors: string[];

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'eliot-manifests-'));
  clock = new FakeClock();
  client = new FakeObjectClient(clock);
  stop = new AbortController();
  errors = [];
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  assert.equal(clock.sleeping, 0, 'no timer is left');
  rmSync(path, { recursive: true, force: true });
});

function start(): void {
  const log = { ...silentLogger, error: (_: string, fields?: object) => void errors.push(JSON.stringify(fields)) };
  log.child = () => log;
  controller = new SourceController({ client, clock, log, kinds, name: 'manifests' });
  directory = new ManifestDirectory({
    files: new WatchedDirectory(path),
    clock,
    log,
    onDesired: (desired) => controller.setDesired(desired),
  });
  running = [controller.run(stop.signal), directory.run(stop.signal)];
}

const write = (name: string, text: string): void => writeFileSync(join(path, name), text);
const map = (name: string, value = '1', namespace = 'default'): string =>
  `---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, namespace: ${namespace}}, data: {a: "${value}"}}\n`;
const pod = (name: string, image: string): string =>
  `---\n{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {containers: [{name: a, image: ${image}}]}}\n`;

async function dataOf(name: string, namespace = 'default'): Promise<string | undefined> {
  try {
    const object = await client.get(configMaps, { namespace, name });
    return (object['data'] as Record<string, string>)['a'];
  } catch (error) {
    assert.ok(isStatusError(error, 'NotFound'));
    return undefined;
  }
}

/** Makes time pass in small steps until `condition` holds: for what waits for the file system as well as for the clock. */
async function passTimeUntil(condition: () => Promise<boolean> | boolean, stepMs = 500): Promise<void> {
  // The file system may take seconds on a machine that is busy with other tests.
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    if (await condition()) return;
    clock.advance(stepMs);
    await settle(30);
  }
  assert.fail('it did not come true');
}

const writes = (): string[] =>
  client.requests
    .filter(
      ({ verb, options }) =>
        ['create', 'update', 'delete'].includes(verb) && !(options && 'dryRun' in options && options.dryRun),
    )
    .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`)
    .filter((line) => line !== 'create namespaces default');

describe('a manifest directory', () => {
  it('is applied at the start, and again when it changes', async () => {
    write('a.yaml', map('a'));
    start();
    await until(async () => (await dataOf('a')) === '1');
    await until(() => controller.status.state === 'Applied');

    write('a.yaml', map('a', '2'));
    write('b.yml', map('b'));
    await passTimeUntil(async () => (await dataOf('a')) === '2' && (await dataOf('b')) === '1');

    unlinkSync(join(path, 'b.yml'));
    await passTimeUntil(async () => (await dataOf('b')) === undefined);
    assert.equal(await dataOf('a'), '2');
  });

  it('does not look at files that are no manifests', async () => {
    write('a.yaml', map('a'));
    write('core', 'x'.repeat(4 * 1024 * 1024));
    write('.b.yaml.part', ': no YAML yet');
    start();
    await until(async () => (await dataOf('a')) === '1');
    assert.equal(directory.fault, undefined);
  });

  it('waits until a burst of changes is over', async () => {
    start();
    await until(() => clock.sleeping > 0);
    for (let i = 0; i < 3; i++) {
      write('a.yaml', map('a', String(i)));
      await until(() => clock.sleeping > 0);
      await settle(50);
      clock.advance(400);
      await settle(50);
      assert.equal(await dataOf('a'), undefined);
    }
    await passTimeUntil(async () => (await dataOf('a')) === '2');
    assert.deepEqual(writes(), ['create configmaps a']);
  });

  it('passes over other files, hidden ones and directories', async () => {
    write('a.yaml', map('a'));
    write('.b.yaml', map('b'));
    write('notes.txt', 'not: [yaml');
    write('c.yaml~', map('c'));
    mkdirSync(join(path, 'd.yaml'));
    start();
    await until(() => controller.status.state === 'Applied');
    assert.deepEqual(writes(), ['create configmaps a']);
  });

  it('changes nothing while anything in it is wrong, says where, and goes on when it is mended', async () => {
    write('a.yaml', map('a'));
    start();
    await until(async () => (await dataOf('a')) === '1');
    write('a.yaml', map('a', '2'));
    write('z.yaml', `${map('z')}---\nkind: [\n`);
    await passTimeUntil(() => directory.fault !== undefined);
    assert.match(directory.fault ?? '', /^z\.yaml, document 2, line \d+: no valid YAML/);
    assert.match(errors.join(), /z\.yaml, document 2/);
    assert.deepEqual([await dataOf('a'), await dataOf('z')], ['1', undefined]);

    write('z.yaml', map('z'));
    await passTimeUntil(async () => (await dataOf('z')) === '1');
    assert.deepEqual([await dataOf('a'), directory.fault], ['2', undefined]);
  });

  it('that goes away changes nothing, and is taken up when it comes back', async () => {
    write('a.yaml', map('a'));
    start();
    await until(async () => (await dataOf('a')) === '1');
    renameSync(path, `${path}-away`);
    await passTimeUntil(() => directory.fault === 'the directory does not exist', 10_000);
    assert.equal(await dataOf('a'), '1');
    renameSync(`${path}-away`, path);
    write('a.yaml', map('a', '2'));
    await passTimeUntil(async () => (await dataOf('a')) === '2', 10_000);
  });
});

describe('a source', () => {
  it('puts back what somebody edits or deletes', async () => {
    write('a.yaml', map('a') + map('b'));
    start();
    await until(() => controller.status.state === 'Applied');
    await settle();
    await client.patch(configMaps, { namespace: 'default', name: 'a' }, 'merge', {
      data: { a: 'edited', theirs: 'x' },
    });
    await until(async () => (await dataOf('a')) === '1');
    await client.delete(configMaps, { namespace: 'default', name: 'b' });
    await until(async () => (await dataOf('b')) === '1');
    const { data } = await client.get<KubeObject & { data: object }>(configMaps, { namespace: 'default', name: 'a' });
    assert.deepEqual(data, { a: '1', theirs: 'x' }, 'what others add stays');
  });

  it('changes nothing at all when an object belongs to the local API', async () => {
    await client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', name: 'b' },
      data: { a: 'mine' },
    });
    const before = writes().length;
    write('a.yaml', map('a') + map('b'));
    start();
    await until(() => controller.status.state === 'Refused');
    const { status } = controller;
    assert.ok(status.state === 'Refused');
    assert.equal(status.message, 'configmaps "default/b" belongs to the local API');
    assert.equal(writes().length, before);

    await client.delete(configMaps, { namespace: 'default', name: 'b' });
    await passTimeUntil(async () => (await dataOf('b')) === '1', 10_000);
  });

  it('changes nothing at all when the server refuses one object', async () => {
    write('a.yaml', map('a') + map('b'));
    client.refuse = ({ verb, name }) => {
      if (verb === 'create' && name === 'b') throw new StatusError('Invalid', 'ConfigMap "b" is invalid: data: no');
    };
    start();
    await until(() => controller.status.state === 'Refused');
    assert.deepEqual(writes(), []);
  });

  it('makes a namespace before what is in it', async () => {
    write('a.yaml', `${map('a', '1', 'shop')}---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n`);
    start();
    await until(async () => (await dataOf('a', 'shop')) === '1');
  });

  it('refuses an object in a namespace that nobody makes, until somebody does', async () => {
    write('a.yaml', map('a', '1', 'shop'));
    start();
    await until(() => clock.sleeping > 1);
    assert.deepEqual(writes(), []);
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    await passTimeUntil(async () => (await dataOf('a', 'shop')) === '1');
  });

  it('makes a pod anew when its change is refused, after its grace', async () => {
    write('a.yaml', pod('web', 'one'));
    start();
    await until(() => controller.status.state === 'Applied');
    const first = await client.get(pods, { namespace: 'default', name: 'web' });
    client.refuse = ({ verb, resource }) => {
      if (verb === 'update' && resource === 'pods')
        throw new StatusError('Invalid', 'spec: Forbidden: pod updates may not change fields');
    };
    write('a.yaml', pod('web', 'two'));
    await passTimeUntil(() => controller.status.state === 'Progressing');
    assert.notEqual(
      (await client.get(pods, { namespace: 'default', name: 'web' })).metadata.deletionTimestamp,
      undefined,
    );
    await client.finishPods();
    await passTimeUntil(() => controller.status.state === 'Applied');
    const second = await client.get<KubeObject & { spec: { containers: { image: string }[] } }>(pods, {
      namespace: 'default',
      name: 'web',
    });
    assert.notEqual(second.metadata.uid, first.metadata.uid);
    assert.equal(second.spec.containers[0]?.image, 'two');
  });

  it('does not look at every change of a status', async () => {
    write('a.yaml', pod('web', 'one'));
    start();
    await until(() => controller.status.state === 'Applied');
    await settle();
    const before = client.requests.length;
    const live = await client.get(pods, { namespace: 'default', name: 'web' });
    await client.update(pods, { ...live, status: { phase: 'Running' } }, { subresource: 'status' });
    await settle();
    assert.equal(client.requests.length, before + 2);
  });

  it('goes on after a failure in the middle', async () => {
    let isFull = true;
    client.refuse = ({ verb, name, options }) => {
      const isDry = options !== undefined && 'dryRun' in options && options.dryRun;
      if (isFull && verb === 'create' && name === 'b' && !isDry)
        throw new StatusError('ServiceUnavailable', 'no space left on device');
    };
    write('a.yaml', map('a') + map('b'));
    start();
    await until(async () => (await dataOf('a')) === '1');
    isFull = false;
    await passTimeUntil(async () => (await dataOf('b')) === '1');
  });
});
