/** `eli api-resources` against the real API server; table and words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

describe('api-resources', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
  });
  after(() => device.close());
  const run = (args: string): Promise<EliResult> =>
    eli(['api-resources', ...args.split(' ').filter(Boolean)], { env: { ELIOT_RUN_DIR: device.runDirectory } });

  it('is a table by group and name', async () => {
    const { stdout } = await run('');
    assert.match(stdout, /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\nconfigmaps +cm +v1 +true +ConfigMap\n/);
    const groups = stdout
      .split('\n')
      .slice(1, -1)
      .map((line) => / (\S+) +(?:true|false) /.exec(line)?.[1]?.replace(/^v\d+$/, '/'))
      .map((version) => version?.split('/')[0] ?? '');
    assert.deepEqual(groups, groups.toSorted());
  });

  for (const { args, prints } of [
    { args: '--api-group=apps -o name', prints: /^deployments\.apps\nreplicasets\.apps\n$/ },
    { args: '--namespaced=false -o name --api-group=', prints: /^namespaces\nnodes\n$/ },
    {
      args: '--categories=all --namespaced --sort-by=kind --no-headers --api-group=apps',
      prints: /^deployments .*\nreplicasets .*\n$/,
    },
    { args: '--verbs=create,watch -o name --api-group=metrics.k8s.io', prints: /^$/ },
    {
      args: '--api-group=apps -o wide',
      prints: /KIND +VERBS +CATEGORIES\n.*create,delete,deletecollection,get,list,patch,update,watch +all\n/,
    },
  ]) {
    it(`${args}`, async () => assert.match((await run(args)).stdout, prints));
  }

  it('knows two orders and three outputs', async () => {
    assert.match((await run('--sort-by=size')).stderr, /^error: --sort-by accepts only name or kind\n$/);
    assert.match((await run('-o json')).stderr, /^error: --output json is not available\n$/);
  });
});
