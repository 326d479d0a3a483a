/** `eli set env` against the real API server; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps, deployments, secrets } from '../../api/resources.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

describe('set env', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    const labels = { app: 'web' };
    const containers = [
      { name: 'main', image: 'x:1', env: [{ name: 'A', value: '1' }] },
      { name: 'side', image: 'y:1' },
    ];
    const initContainers = [{ name: 'first', image: 'x:1' }];
    await device.client.create<KubeObject>(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers, initContainers } },
      },
    });
    const metadata = { name: 'conf', namespace: 'default' };
    const data = { 'b.c': '1', K: '2' };
    await device.client.create<KubeObject>(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    await device.client.create<KubeObject>(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      data: { PASSWORD: 'eA==' },
    });
  });
  after(() => device.close());

  const run = (args: string, stdin?: string): Promise<EliResult> =>
    eli(['set', 'env', ...args.split(' ')], {
      env: { ELIOT_RUN_DIR: device.runDirectory },
      ...(stdin === undefined ? {} : { stdin }),
    });
  /** What is listed of each container, without its heading. */
  async function listed(): Promise<string[]> {
    const { stdout } = await run('deploy/web --list');
    return stdout.split(/^# Deployment web, container \w+\n/m).slice(1);
  }

  /** In this order: each finds what those before it have left. */
  for (const { args, stdin, prints = 'deployment.apps/web env updated\n', complains = /^$/, exits = 0, leaves } of [
    {
      args: 'deploy/web --list',
      prints:
        '# Deployment web, container main\nA=1\n# Deployment web, container side\n# Deployment web, container first\n',
      leaves: ['A=1\n', '', ''],
    },
    {
      args: 'deploy/web A=2 --dry-run=client',
      prints: 'deployment.apps/web env updated (dry run)\n',
      leaves: ['A=1\n', '', ''],
    },
    {
      args: 'deploy/web A=2 --dry-run=server',
      prints: 'deployment.apps/web env updated (server dry run)\n',
      leaves: ['A=1\n', '', ''],
    },
    { args: 'deploy/web A=2 -c ma*', leaves: ['A=2\n', '', ''] },
    { args: 'deploy/web A=2 -c main', prints: '', leaves: ['A=2\n', '', ''] },
    { args: 'deploy web -e B=3', leaves: ['A=2\nB=3\n', 'B=3\n', 'B=3\n'] },
    {
      args: 'deploy/web B=4 --overwrite=false',
      prints: '',
      complains: /^error: deployments\/web 'B' already has a value \(3\), and --overwrite is false\n/,
      exits: 1,
      leaves: ['A=2\nB=3\n', 'B=3\n', 'B=3\n'],
    },
    { args: 'deploy/web A- B- C-', leaves: ['', '', ''] },
    {
      args: 'deploy/web --from=cm/conf --prefix=P_ -c main',
      complains: /^Warning: key b\.c transferred to B_C\n$/,
      leaves: ['# P_K from configmap conf, key K\n# P_B_C from configmap conf, key b.c\n', '', ''],
    },
    { args: 'deploy/web P_K=plain P_B_C-', leaves: ['P_K=plain\n', 'P_K=plain\n', 'P_K=plain\n'] },
    {
      args: 'deploy --all --from=secret/conf --keys=PASSWORD P_K- -c side',
      leaves: ['P_K=plain\n', '# PASSWORD from secret conf, key PASSWORD\n', 'P_K=plain\n'],
    },
    { args: 'deploy -l app=web - P_K- PASSWORD-', stdin: 'D=4\n', leaves: ['D=4\n', 'D=4\n', 'D=4\n'] },
    {
      args: 'deploy/web D- -c nope',
      prints: '',
      complains: /^Warning: Deployment\/web does not have any containers matching "nope"\n$/,
      leaves: ['D=4\n', 'D=4\n', 'D=4\n'],
    },
  ] as const satisfies readonly Row[]) {
    it(args, async () => {
      const { stdout, stderr, exitCode } = await run(args, stdin);
      assert.deepEqual([stdout, exitCode], [prints, exits]);
      assert.match(stderr, complains);
      assert.deepEqual(await listed(), leaves);
    });
  }

  for (const [args, complains] of [
    ['deploy/web', /^error: at least one environment change is required\n/],
    ['cm/conf A=1', /the object is not a pod or does not have a pod template: \*v1\.ConfigMap\n/],
    ['deploy/nope A=1', /deployments\.apps "nope" not found/],
    ['deploy/web --keys=a', /when specifying --keys, a configmap or secret must be provided with --from/],
    ['deploy/web --from=deploy/web', /unsupported resource specified in --from/],
    ['deploy/web --from=cm/nope', /configmaps "nope" not found/],
    ['deploy/web --list -o yaml', /--list and --output may not be specified together/],
  ] as const) {
    it(`refuses "${args}"`, async () => {
      const { exitCode, stderr } = await run(args);
      assert.equal(exitCode, 1);
      assert.match(stderr, complains);
    });
  }
});

interface Row {
  readonly args: string;
  readonly stdin?: string;
  readonly prints?: string;
  readonly complains?: RegExp;
  readonly exits?: number;
  /** Lines of each container afterwards. */
  readonly leaves: readonly string[];
}
