import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type EliResult, EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';
import { emptyKubeconfig, putDevice } from '../devices/kubeconfig-document.ts';
import { readsStdin } from './run-on-several.ts';

describe('one command for several devices', () => {
  let kitchen: LocalDevice;
  let garage: LocalDevice;
  let home: string;
  before(async () => {
    [kitchen, garage] = await Promise.all([LocalDevice.start(), LocalDevice.start()]);
    await startTestPod(kitchen.client, { name: 'web' });
    await startTestPod(kitchen.client, { name: 'a-pod-with-a-long-name' });
    await startTestPod(garage.client, { name: 'web' });
    home = await mkdtemp(join(tmpdir(), 'eliot-home-'));
    const credentials = ({ pki, server }: LocalDevice): Parameters<typeof putDevice>[2] => ({
      server,
      caCert: pki.ca.cert,
      clientCert: pki.admin.cert,
      clientKey: pki.admin.key,
    });
    const document = putDevice(
      putDevice(emptyKubeconfig, 'kitchen', credentials(kitchen)),
      'garage',
      credentials(garage),
    );
    await mkdir(join(home, '.eli'));
    await writeFile(join(home, '.eli/kubeconfig'), JSON.stringify(document));
    const lost = putDevice(document, 'attic', { ...credentials(garage), server: 'https://127.0.0.1:1' });
    await writeFile(join(home, 'with-attic'), JSON.stringify(lost));
  });
  after(async () => {
    await Promise.all([kitchen.close(), garage.close()]);
    await rm(home, { recursive: true });
  });

  const env = (): Record<string, string> => ({ HOME: home, ELIOT_RUN_DIR: join(home, 'none') });
  const run = (args: readonly string[], change: Record<string, string> = {}, stdin?: string): Promise<EliResult> =>
    eli(args, { env: { ...env(), ...change }, ...(stdin === undefined ? {} : { stdin }) });
  const both = ['--node', 'kitchen,garage'];
  const columns = 'custom-columns=N:.metadata.annotations.eliot\\.run/node,P:.metadata.name';

  it('prints one table with a column NODE first', async () => {
    const { stdout, stderr, exitCode } = await run(['get', 'pods', ...both]);
    assert.deepEqual([exitCode, stderr], [0, '']);
    const lines = stdout.split('\n').slice(0, -1);
    assert.deepEqual(
      lines.map((line) => line.split(/ {2,}/).slice(0, 2)),
      [
        ['NODE', 'NAME'],
        ['kitchen', 'a-pod-with-a-long-name'],
        ['kitchen', 'web'],
        ['garage', 'web'],
      ],
    );
    // Aligned as one.
    assert.equal(
      new Set(
        lines
          .slice(0, 1)
          .concat(lines.slice(2))
          .map((line) => line.search(/READY|\d\/1/)),
      ).size,
      1,
    );
  });

  it('means every paired device by --all-nodes, and the same by names in ELI_NODE', async () => {
    const list = ['get', 'pods', '-o', columns];
    const { stdout } = await run([...list, ...both]);
    assert.match(stdout, /^garage +web$/m);
    assert.equal((await run([...list, '--all-nodes'])).stdout, stdout);
    assert.equal((await run(list, { ELI_NODE: 'kitchen,garage,kitchen' })).stdout, stdout);
  });

  it('leaves verbs alone that ask no device when ELI_NODE names several', async () => {
    const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } });
    for (const [args, printed] of [
      [['config', 'view'], /kitchen/],
      [['config', 'kubeconfig', 'kitchen'], /current-context: kitchen/],
      [['completion', 'bash'], /complete/],
      [['convert', '-f', '-'], /name: web/],
    ] as const) {
      const { stdout, stderr, exitCode } = await run(args, { ELI_NODE: 'kitchen,garage' }, pod);
      assert.deepEqual([exitCode, stderr], [0, ''], args.join(' '));
      assert.match(stdout, printed);
    }
  });

  it('gives stdin to all when a dash stands for it, which none of a command in a container does', () => {
    assert.ok(readsStdin(['apply', '-f', '-', '--node', 'a,b']));
    assert.ok(!readsStdin(['exec', 'web', '--node', 'a,b', '--', 'tar', 'cf', '-', '/etc']));
  });

  it('prints a table for each kind, and none without rows', async () => {
    const { stdout } = await run(['get', 'pods,namespaces,deployments', ...both]);
    assert.equal(stdout.match(/^NODE /gm)?.length, 2);
    const plain = await run(['get', 'pods', '--no-headers', ...both]);
    assert.match(plain.stdout, /^kitchen +a-pod.*\nkitchen +web.*\ngarage +web.*\n$/);
  });

  it('says on stderr what fails on which device, shows the others, and ends with the worst exit code', async () => {
    const result = await run(['get', 'pods', '--all-nodes'], { KUBECONFIG: join(home, 'with-attic') });
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, /^\[attic\] error: .*127\.0\.0\.1:1/);
    assert.equal(result.stdout.match(/^(kitchen|garage) /gm)?.length, 3);
    const missing = await run(['get', 'pod', 'a-pod-with-a-long-name', ...both]);
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /^\[garage\] Error from server \(NotFound\)/);
    assert.match(missing.stdout, /^kitchen +a-pod/m);
  });

  it('prints one list of objects that say where they are', async () => {
    const { stdout } = await run(['get', 'pods', '-o', 'json', ...both]);
    const list = JSON.parse(stdout) as { kind: string; items: { metadata: { annotations: Record<string, string> } }[] };
    assert.equal(list.kind, 'List');
    assert.deepEqual(
      list.items.map(({ metadata }) => metadata.annotations['eliot.run/node']),
      ['kitchen', 'kitchen', 'garage'],
    );
    assert.match(
      (await run(['get', 'pod', 'web', '-o', columns, ...both])).stdout,
      /^N +P\nkitchen +web\ngarage +web\n$/,
    );
    assert.equal((await run(['get', 'pods', '-o', 'name', ...both])).stdout.match(/^pod\/web$/gm)?.length, 2);
  });

  it('writes to all of them, from one stdin, and says so line by line', async () => {
    const manifest = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { a: '1' },
    });
    const applied = await run(['apply', '-f', '-', ...both], {}, manifest);
    assert.equal(applied.stderr, '');
    assert.deepEqual(applied.stdout.split('\n').sort(), [
      '',
      '[garage] configmap/settings created',
      '[kitchen] configmap/settings created',
    ]);
    const labelled = await run(['label', 'configmap', 'settings', 'x=y', ...both]);
    assert.equal(labelled.stdout.match(/^\[(kitchen|garage)\] configmap\/settings labeled$/gm)?.length, 2);
    const deleted = await run(['delete', 'configmap', 'settings', ...both]);
    assert.equal(deleted.stdout.match(/^\[(kitchen|garage)\] configmap "settings" deleted/gm)?.length, 2);
  });

  it('prefixes each line of logs and commands, and ends with the worst exit code of those', async () => {
    kitchen.streams.log = async () => Readable.from([Buffer.from('one\ntw'), Buffer.from('o\n')]);
    garage.streams.log = async () => Readable.from([Buffer.from('no end')]);
    const { stdout } = await run(['logs', 'web', ...both]);
    assert.deepEqual(stdout.split('\n').sort(), ['', '[garage] no end', '[kitchen] one', '[kitchen] two']);
    kitchen.streams.exec = async () => ({ exitCode: 3 });
    garage.streams.exec = async () => ({ exitCode: 7 });
    assert.equal((await run(['exec', 'web', ...both, '--', 'false'])).exitCode, 7);
  });

  it('shows what is no table under the name of its device', async () => {
    const { stdout } = await run(['version', ...both]);
    assert.match(stdout, /^==> kitchen <==\nClient Version: .*\nServer Version: .*\n\n==> garage <==\n/);
    assert.match((await run(['describe', 'pod', 'web', ...both])).stdout, /^==> kitchen <==\nName: +web\n/);
  });

  it('stops on all of them when it is stopped', async () => {
    for (const device of [kitchen, garage]) {
      device.streams.log = async () => {
        const endless = new Readable({ read: () => {} });
        endless.push('begin\n');
        return endless;
      };
    }
    const following = new EliRun(['logs', '-f', 'web', ...both], { env: env() });
    await following.stdout.printed(/begin\n(.*\n)*.*begin\n/);
    following.signal('SIGINT');
    assert.equal(await following.ended, 130);
  });

  it('ends as with one device when the reader of its output has gone, who had been slow or not', async () => {
    for (const isSlow of [true, false]) {
      for (const device of [kitchen, garage]) {
        device.streams.log = async () => {
          const endless = new Readable({ read: () => {} });
          endless.push(`${'x'.repeat(200_000)}\n`);
          return endless;
        };
      }
      const following = new EliRun(['logs', '-f', 'web', ...both], { env: env() });
      const seen = Promise.withResolvers<void>();
      following.stdout._write = (_chunk, _encoding, done) => {
        seen.resolve();
        if (!isSlow) done();
      };
      await seen.promise;
      following.stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      assert.equal(await following.ended, 141);
      assert.equal(following.stderr.text, '');
    }
  });

  for (const [args, message] of [
    [['exec', '-it', 'web', ...both, '--', 'sh'], /--stdin works on one device, not on several/],
    [['get', 'pods', '-w', ...both], /--watch works on one device/],
    [['port-forward', 'web', '1:2', ...both], /port-forward works on one device/],
    [['get', 'pods', '--all-nodes', '--node', 'kitchen'], /use either --node or --all-nodes/],
    [['get', 'pods', '--node', ','], /--node names no device/],
    [['get', 'pods', ...both, '--context', 'kitchen'], /--context names one device/],
  ] as const) {
    it(`refuses "${args.join(' ')}"`, async () => {
      const { exitCode, stderr } = await run(args);
      assert.equal(exitCode, 1);
      assert.match(stderr, message);
    });
  }

  it('asks to pair when --all-nodes means none', async () => {
    const { stderr } = await run(['get', 'pods', '--all-nodes'], { HOME: join(home, 'nobody') });
    assert.match(stderr, /^error: no device is paired\n +pair with one: +eli pair/);
  });
});
