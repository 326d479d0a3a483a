/** `eli patch` and `replace` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

describe('patch and replace', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    const metadata = { name: 'web', namespace: 'default' };
    await device.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '1', b: '2' } });
    const manifest = (name: string, more = ''): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${more}}\ndata: {z: "9"}\n`;
    await device.write('web.yaml', manifest('web'));
    await device.write('stale.yaml', manifest('web', ', resourceVersion: "1"'));
    await device.write('none.yaml', manifest('none'));
    await device.write('change.yaml', 'data:\n  file: "yes"\n');
  });
  after(() => device.close());

  const run = (...args: string[]): Promise<EliResult> =>
    eli(
      args.map((arg) => arg.replaceAll('DIR', device.directory)),
      { env: { ELIOT_RUN_DIR: device.runDirectory } },
    );
  const data = async (): Promise<unknown> =>
    (await device.client.get<KubeObject>(configMaps, { namespace: 'default', name: 'web' }))['data'];

  /** In this order: each finds what those before it have left. */
  for (const { args, prints = '', complains = /^$/, leaves } of [
    {
      args: ['patch', 'cm', 'web', '-p', '{"data":{"a":"5"}}'],
      prints: 'configmap/web patched\n',
      leaves: { a: '5', b: '2' },
    },
    { args: ['patch', 'cm/web', '-p', 'data: {a: "5"}'], prints: 'configmap/web patched (no change)\n' },
    {
      args: ['patch', 'cm/web', '--type=json', '-p', '[{"op":"remove","path":"/data/b"}]'],
      prints: 'configmap/web patched\n',
      leaves: { a: '5' },
    },
    {
      args: ['patch', 'cm/web', '--type=merge', '-p', '{"data":{"a":null}}', '--dry-run=server'],
      prints: 'configmap/web patched\n',
      leaves: { a: '5' },
    },
    {
      args: ['patch', 'cm/web', '-p', '{"data":{"q":"1"}}', '--dry-run=client', '-o', 'jsonpath={.data}'],
      prints: '{"a":"5","q":"1"}',
      leaves: { a: '5' },
    },
    {
      args: ['patch', 'cm/web', '--patch-file=DIR/change.yaml', '-o', 'name'],
      prints: 'configmap/web\n',
      leaves: { a: '5', file: 'yes' },
    },
    { args: ['patch', 'cm', 'web'], complains: /^error: must specify --patch or --patch-file containing/ },
    {
      args: ['patch', 'cm', 'web', '-p', '{}', '--patch-file=x'],
      complains: /^error: cannot specify --patch and --patch-file/,
    },
    {
      args: ['patch', 'cm', 'web', '-p', '{}', '--type=x'],
      complains: /^error: --type must be one of \[json merge strategic\], not "x"\n$/,
    },
    {
      args: ['patch', 'cm/web', '--patch-file=/nope'],
      complains: /^error: unable to read patch file: open \/nope: no such file/,
    },
    { args: ['patch', 'cm/web', '-p', '{"a'], complains: /^error: unable to parse "\{\\"a": / },
    {
      args: ['patch', 'cm/web', '-p', 'x'],
      complains: /^Error from server \(BadRequest\): the patch must be an object/,
    },
    {
      args: ['patch', 'cm', '-p', '{}'],
      complains: /^error: resource\(s\) were provided, but no name was specified\n/,
    },

    {
      args: ['replace', '-f', 'DIR/web.yaml', '--dry-run=server'],
      prints: 'configmap/web replaced (server dry run)\n',
      leaves: { a: '5', file: 'yes' },
    },
    {
      args: ['replace', '-f', 'DIR/web.yaml', '--dry-run=client'],
      prints: 'configmap/web replaced (dry run)\n',
      leaves: { a: '5', file: 'yes' },
    },
    { args: ['replace', '-f', 'DIR/web.yaml'], prints: 'configmap/web replaced\n', leaves: { z: '9' } },
    {
      args: ['replace', '-f', 'DIR/none.yaml'],
      complains: /^Error from server \(NotFound\): error when replacing ".*none\.yaml": configmaps "none" not found\n/,
    },
    {
      args: ['replace', '-f', 'DIR/stale.yaml'],
      complains: /^Error from server \(Conflict\): error when replacing ".*stale\.yaml": /,
    },
    { args: ['replace'], complains: /^error: must specify -f\n/ },
  ] as readonly {
    readonly args: readonly string[];
    readonly prints?: string;
    readonly complains?: RegExp;
    readonly leaves?: object;
  }[]) {
    it(args.join(' '), async () => {
      const { exitCode, stdout, stderr } = await run(...args);
      assert.equal(stdout, prints);
      assert.match(stderr, complains);
      assert.equal(exitCode, stderr === '' ? 0 : 1);
      if (leaves !== undefined) assert.deepEqual(await data(), leaves);
    });
  }
});
