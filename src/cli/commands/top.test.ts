/** `eli top` against the real API server; tables and words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodes } from '../../api/resources.ts';
import { eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';

const measured = { timestamp: '2026-01-01T00:00:00Z', window: '15s' };

describe('top', () => {
  let device: LocalDevice;
  before(async () => {
    device = await LocalDevice.start();
    for (const [name, namespace] of [
      ['db', 'default'],
      ['web', 'default'],
      ['agent', 'kube-system'],
    ] as const) {
      await startTestPod(device.client, { name, namespace, labels: { app: name }, containers: ['main', 'side'] });
    }
    const containers = (cpu: string, memory: string) => [
      { name: 'side', usage: { cpu: '1n', memory: '0' } },
      { name: 'main', usage: { cpu, memory } },
    ];
    const pod = (namespace: string, name: string, cpu: string, memory: string) => ({
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'PodMetrics',
      metadata: { name, namespace, labels: { app: name } },
      ...measured,
      containers: containers(cpu, memory),
    });
    const all = [
      pod('default', 'web', '250m', '3Mi'),
      pod('kube-system', 'agent', '10m', '1Gi'),
      pod('default', 'db', '1500u', '2047Ki'),
    ];
    device.metrics.pods = async () => all;
    const capacity = { cpu: '4', memory: '4Gi' };
    const status = { capacity, allocatable: { cpu: '2', memory: '3Gi' } };
    await device.client.patch(nodes, { name: 'device' }, 'merge', { status }, { subresource: 'status' });
    device.metrics.nodes = async () => [
      {
        apiVersion: 'metrics.k8s.io/v1beta1',
        kind: 'NodeMetrics',
        metadata: { name: 'device' },
        ...measured,
        usage: { cpu: '300m', memory: '1Gi' },
      },
    ];
  });
  after(() => device.close());

  for (const { args, prints = [], complains = /^$/ } of [
    {
      args: 'pod',
      prints: [
        'NAME   CPU(cores)   MEMORY(bytes)   ',
        'db     2m           1Mi             ',
        'web    251m         3Mi             ',
      ],
    },
    { args: 'pods --sort-by=cpu --no-headers', prints: ['web   251m   3Mi   ', 'db    2m     1Mi   '] },
    {
      args: 'pod -A --sort-by=memory --sum',
      prints: [
        'NAMESPACE     NAME    CPU(cores)   MEMORY(bytes)   ',
        'kube-system   agent   11m          1024Mi          ',
        'default       web     251m         3Mi             ',
        'default       db      2m           1Mi             ',
        '                      ________     ________        ',
        '                      262m         1028Mi          ',
      ],
    },
    {
      args: 'pod web --containers',
      prints: [
        'POD   NAME   CPU(cores)   MEMORY(bytes)   ',
        'web   main   250m         3Mi             ',
        'web   side   1m           0Mi             ',
      ],
    },
    { args: 'pod -l app=db --no-headers', prints: ['db    2m    1Mi   '] },
    { args: 'pod --field-selector=metadata.name=db --no-headers', prints: ['db    2m    1Mi   '] },
    {
      args: 'node',
      prints: [
        'NAME     CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)   ',
        'device   300m         15%      1024Mi          33%         ',
      ],
    },
    { args: 'nodes device --show-capacity --no-headers', prints: ['device   300m   7%    1024Mi   25%   '] },
    { args: 'pod -l app=none', complains: /^No resources found in default namespace\.\n$/ },
    { args: 'pod -A -l app=none', complains: /^No resources found\n$/ },
    { args: 'pod web -l app=web', complains: /^error: only one of NAME or selector can be provided\n$/ },
    { args: 'node --sort-by=disk', complains: /^error: --sort-by accepts only cpu or memory\n$/ },
    {
      args: 'pod nope',
      complains: /^Error from server \(NotFound\): podmetrics\.metrics\.k8s\.io "default\/nope" not found\n/,
    },
  ] as readonly { readonly args: string; readonly prints?: readonly string[]; readonly complains?: RegExp }[]) {
    it(args, async () => {
      const env = { ELIOT_RUN_DIR: device.runDirectory };
      const { exitCode, stdout, stderr } = await eli(['top', ...args.split(' ')], { env });
      assert.equal(stdout, prints.map((line) => `${line}\n`).join(''));
      assert.match(stderr, complains);
      assert.equal(exitCode, /[Ee]rror/.test(stderr) ? 1 : 0);
    });
  }

  it('says that nothing was measured yet of pods that there are', async () => {
    device.metrics.pods = async () => [];
    const { exitCode, stderr } = await eli(['top', 'pod'], { env: { ELIOT_RUN_DIR: device.runDirectory } });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: metrics not available yet\n/);
  });
});
