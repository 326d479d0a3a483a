/** What the node and its pods use, as kubectl top, API clients and Prometheus see it. */
import assert from 'node:assert/strict';
import { get } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { shellPod, TestDevice } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

describe('the use of resources', { concurrency: 4 }, () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start();
    // Burns about a tenth of a core, and holds 20 MB in memory.
    const burn =
      'dd if=/dev/zero of=/mem/x bs=1M count=20 2>/dev/null; while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.2; done';
    const containers = [
      {
        name: 'busy',
        image: 'eliot.test/busybox:1',
        command: ['sh', '-c', burn],
        volumeMounts: [{ name: 'mem', mountPath: '/mem' }],
      },
      { name: 'idle', image: 'eliot.test/busybox:1', command: ['sleep', '1000'] },
    ];
    const pod = shellPod('worker', '', { containers, volumes: [{ name: 'mem', emptyDir: { medium: 'Memory' } }] });
    await device.create({ ...pod, metadata: { name: 'worker', labels: { app: 'worker' } } });
    await device.create(shellPod('other', 'sleep 1000'));
    await device.waitForPhase('worker', 'Running');
    await device.waitForPhase('other', 'Running');
  });
  after(() => device?.close());

  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const cells = (text: string, row: string): string[] =>
    (text.split('\n').find((line) => line.includes(row)) ?? '').trim().split(/\s+/);

  it('is shown by kubectl top pod, of pods and of containers', async () => {
    const [name, cpu = '', memory = ''] = await waitFor('20 MiB in use', async () => {
      const row = cells(await kubectl('top', 'pod'), 'worker');
      return Number.parseInt(row[2] ?? '', 10) >= 20 ? row : undefined;
    });
    assert.equal(name, 'worker');
    assert.match(cpu, /^[1-9]\d*m$/);
    assert.match(memory, /^\d+Mi$/);
    const containers = await kubectl('top', 'pod', 'worker', '--containers');
    assert.match(containers, /^POD +NAME +CPU\(cores\) +MEMORY\(bytes\)/);
    assert.equal(cells(containers, 'idle')[2], '0m');
    const all = await kubectl('top', 'pod', '-A', '--sum', '-l', 'app=worker', '--sort-by=memory');
    assert.match(all, /default +worker/);
    assert.doesNotMatch(all, /other/);
    assert.match(
      (await device.kubectl(['top', 'pod', 'nobody'])).stderr,
      /podmetrics\.metrics\.k8s\.io "default\/nobody" not found/,
    );
  });

  it('is shown by kubectl top node as a share of what the node can give', async () => {
    const [name, cpu, cpuShare, memory, memoryShare] = cells(await kubectl('top', 'node'), 'device');
    assert.equal(name, 'device');
    assert.match(cpu ?? '', /^\d+m$/);
    assert.match(cpuShare ?? '', /^\d+%$/);
    assert.match(memory ?? '', /^[1-9]\d*Mi$/);
    assert.match(memoryShare ?? '', /^\d+%$/);
  });

  it('is served as metrics.k8s.io/v1beta1, with the time it was measured and for how long', async () => {
    assert.match(
      await kubectl('api-resources', '--api-group=metrics.k8s.io'),
      /pods +metrics\.k8s\.io\/v1beta1 +true +PodMetrics/,
    );
    const raw = await kubectl('get', '--raw', '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/worker');
    const metrics = JSON.parse(raw) as {
      kind: string;
      timestamp: string;
      window: string;
      containers: { name: string; usage: { cpu: string; memory: string } }[];
    };
    assert.equal(metrics.kind, 'PodMetrics');
    assert.match(metrics.window, /^[\d.]+s$/);
    assert.ok(Math.abs(Date.parse(metrics.timestamp) - Date.now()) < 60_000);
    assert.deepEqual(metrics.containers.map(({ name }) => name).sort(), ['busy', 'idle']);
    assert.match(metrics.containers.find(({ name }) => name === 'busy')?.usage.cpu ?? '', /^\d+n$/);
    assert.match(await kubectl('get', 'nodes.metrics.k8s.io'), /^NAME +CPU +MEMORY +WINDOW\ndevice +\d+n +\d+Ki/);
    // The short name still means pods themselves.
    assert.match(await kubectl('get', 'pods'), /READY +STATUS/);
    assert.match((await device.eliOk(['get', 'pods'])).stdout, /worker +2\/2 +Running/);
  });

  it('is there for Prometheus, under the names of kubelet and cAdvisor, and only for those who may see it', async () => {
    const text = await kubectl('get', '--raw', '/metrics');
    for (const expected of [
      /^container_cpu_usage_seconds_total\{container="busy",namespace="default",pod="worker"\} [\d.]+$/m,
      /^container_memory_working_set_bytes\{container="busy",namespace="default",pod="worker"\} [1-9]\d+$/m,
      /^node_memory_working_set_bytes [1-9]\d+$/m,
      /^kubelet_running_pods 2$/m,
      /^kubelet_running_containers\{container_state="running"\} 3$/m,
      /^kubelet_node_name\{node="device"\} 1$/m,
      /^process_resident_memory_bytes [1-9]\d+$/m,
    ]) {
      assert.match(text, expected);
    }
    for (const line of text.trimEnd().split('\n')) {
      assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+=".*"\})? -?[\d.e+-]+)$/);
    }
    assert.doesNotMatch(await kubectl('get', '--raw', '/metrics/resource'), /kubelet_/);
    const { promise: stranger, resolve, reject } = Promise.withResolvers<number | undefined>();
    get({ host: '127.0.0.1', port: device.port, path: '/metrics', rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
    assert.equal(await stranger, 401);
  });
});
