/** What a pod can ask for, seen from inside its containers. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../support/command.ts';
import { TestDevice, testImage } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

describe('a pod on a device', () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start({ args: ['--labels', 'zone=kitchen'] });
    await device.kubectlOk([
      'create',
      'configmap',
      'settings',
      '--from-literal=colour=blue',
      '--from-literal=bad-name=x',
    ]);
    await device.kubectlOk(['create', 'secret', 'generic', 'login', '--from-literal=password=s3cret']);
  });
  after(() => device?.close());

  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;

  /** Runs a pod to its end and gives its log. */
  const output = async (
    name: string,
    spec: Record<string, unknown>,
    container: Record<string, unknown>,
  ): Promise<string> => {
    await device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: name } },
      spec: { restartPolicy: 'Never', ...spec, containers: [{ name: 'main', image: testImage, ...container }] },
    });
    await waitFor(
      `the end of ${name}`,
      async () => {
        const phase = await kubectl('get', 'pod', name, '-o', 'jsonpath={.status.phase}');
        if (!['Succeeded', 'Failed'].includes(phase)) throw new Error(await kubectl('describe', 'pod', name));
        return true;
      },
      { intervalMs: 200 },
    );
    return kubectl('logs', name);
  };

  it('gets command, args and variables expanded as Kubernetes does', async () => {
    const env = [
      { name: 'A', value: 'one' },
      { name: 'B', value: '$(A) two' },
    ];
    const text = await output('expands', {}, { env, command: ['echo', '$(B)', '$$(A)', '$(MISSING)'], args: ['a  b'] });
    assert.equal(text, 'one two $(A) $(MISSING) a  b\n');
  });

  it('gets ConfigMap and Secret keys, whole maps, and fields of itself as variables', async () => {
    const text = await output(
      'refers',
      {},
      {
        env: [
          { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
          { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
          { name: 'GONE', valueFrom: { configMapKeyRef: { name: 'none', key: 'x', optional: true } } },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
          { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        ],
        envFrom: [{ prefix: 'CFG_', configMapRef: { name: 'settings' } }],
        command: ['sh', '-c', 'echo $COLOUR $PASSWORD [$GONE] $POD $NODE $CFG_colour $IP'],
      },
    );
    assert.match(text, /^blue s3cret \[\] refers device blue 10\.\d+\.\d+\.\d+\n$/);
  });

  it('gets emptyDir, hostPath, ConfigMap and Secret volumes', async () => {
    const host = join(device.directory, 'host');
    mkdirSync(host);
    writeFileSync(join(host, 'seen'), 'from the host');
    const text = await output(
      'mounts',
      {
        volumes: [
          { name: 'scratch', emptyDir: {} },
          { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
          { name: 'host', hostPath: { path: host, type: 'Directory' } },
          {
            name: 'config',
            configMap: { name: 'settings', items: [{ key: 'colour', path: 'deep/colour', mode: 0o400 }] },
          },
          { name: 'secret', secret: { secretName: 'login' } },
        ],
      },
      {
        volumeMounts: [
          { name: 'scratch', mountPath: '/scratch' },
          { name: 'memory', mountPath: '/memory' },
          { name: 'host', mountPath: '/host', readOnly: true },
          { name: 'config', mountPath: '/config' },
          { name: 'secret', mountPath: '/secret' },
        ],
        command: [
          'sh',
          '-c',
          'echo x > /scratch/x; cat /host/seen /config/deep/colour /secret/password; echo; stat -Lc %a /config/deep/colour; grep -c " /memory tmpfs" /proc/mounts; touch /host/no 2>&1 | grep -c Read-only',
        ],
      },
    );
    assert.equal(text, 'from the hostblues3cret\n400\n1\n1\n');
  });

  it('waits for a volume whose ConfigMap is missing, and says so', async () => {
    await device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'late-volume' },
      spec: {
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: 'late', configMap: { name: 'late-volume' } }],
        containers: [
          {
            name: 'main',
            image: testImage,
            command: ['sleep', '3600'],
            volumeMounts: [{ name: 'late', mountPath: '/late' }],
          },
        ],
      },
    });
    await waitFor('FailedMount', async () =>
      /FailedMount.*configmap "late-volume" not found/.test(await kubectl('describe', 'pod', 'late-volume')),
    );
    await kubectl('create', 'configmap', 'late-volume', '--from-literal=a=b');
    await device.waitForPhase('late-volume', 'Running');
    await kubectl('delete', 'pod', 'late-volume', '--now');
  });

  it('runs as the user that its security context says', async () => {
    const text = await output(
      'secure',
      { securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000 }, volumes: [{ name: 'v', emptyDir: {} }] },
      {
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
        command: [
          'sh',
          '-c',
          'id -u; id -g; id -G; touch /x 2>&1; touch /v/x && stat -c %g /v/x; grep -E "NoNewPrivs|CapEff|^Seccomp:" /proc/self/status',
        ],
      },
    );
    assert.match(text, /^1000\n2000\n2000 3000\n/);
    assert.match(text, /Read-only file system\n3000\n/);
    assert.match(text, /CapEff:\t0+\n/);
    assert.match(text, /NoNewPrivs:\t1/);
    assert.match(text, /Seccomp:\t2/);
  });

  it('that must not run as root and would is not started, and says why', async () => {
    await device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'rootless' },
      spec: {
        securityContext: { runAsNonRoot: true },
        containers: [{ name: 'main', image: testImage, command: ['true'] }],
      },
    });
    await waitFor('the refusal', async () =>
      /CreateContainerConfigError/.test(await kubectl('get', 'pod', 'rootless')),
    );
    assert.match(await kubectl('describe', 'pod', 'rootless'), /container has runAsNonRoot and image will run as root/);
    await kubectl('delete', 'pod', 'rootless', '--now');
  });

  it('with host namespaces sees the host', async () => {
    const text = await output(
      'host',
      { hostNetwork: true, hostPID: true, hostIPC: true },
      {
        command: ['sh', '-c', 'hostname; ps | wc -l; ip -o link show | grep -c " lo:"'],
      },
    );
    const [name, processes, loopback] = text.trim().split('\n');
    assert.equal(name, hostname());
    assert.ok(Number(processes) > 5);
    assert.equal(loopback, '1');
    assert.equal(
      await kubectl('get', 'pod', 'host', '-o', 'jsonpath={.status.podIP}'),
      await kubectl('get', 'pod', 'host', '-o', 'jsonpath={.status.hostIP}'),
    );
  });

  it('has its own name, address and hosts file without them', async () => {
    const text = await output(
      'own',
      { hostAliases: [{ ip: '192.0.2.7', hostnames: ['seven.example'] }] },
      {
        command: ['sh', '-c', 'hostname; cat /etc/hosts'],
      },
    );
    assert.match(text, /^own\n/);
    assert.match(text, /\bown\b/);
    assert.match(text, /192\.0\.2\.7\s+seven\.example/);
  });

  it('is limited to its memory, and says OOMKilled when it takes more', async () => {
    await output(
      'greedy',
      {},
      {
        resources: { limits: { memory: '16Mi' } },
        command: ['sh', '-c', 'x=y; while true; do x=$x$x; done'],
      },
    );
    // The cause comes by an event of its own, a moment before or after the end.
    const reason = 'jsonpath={.status.containerStatuses[0].state.terminated.reason}';
    await waitFor('its cause', async () => (await kubectl('get', 'pod', 'greedy', '-o', reason)) === 'OOMKilled');
    assert.equal(await kubectl('get', 'pod', 'greedy', '-o', 'jsonpath={.status.qosClass}'), 'Burstable');
  });

  for (const { policy, exit, phase } of [
    { policy: 'Never', exit: 0, phase: 'Succeeded' },
    { policy: 'Never', exit: 3, phase: 'Failed' },
    { policy: 'OnFailure', exit: 0, phase: 'Succeeded' },
  ]) {
    it(`that exits ${exit} under restartPolicy ${policy} is ${phase}`, async () => {
      const name = `exits-${policy.toLowerCase()}-${exit}`;
      await output(name, { restartPolicy: policy }, { command: ['sh', '-c', `exit ${exit}`] });
      assert.equal(await kubectl('get', 'pod', name, '-o', 'jsonpath={.status.phase}'), phase);
    });
  }

  it('that keeps failing is restarted at once, then backs off', async () => {
    await device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'crashes' },
      spec: {
        restartPolicy: 'OnFailure',
        containers: [{ name: 'main', image: testImage, command: ['sh', '-c', 'echo run; exit 1'] }],
      },
    });
    await waitFor('CrashLoopBackOff', async () =>
      /crashes +0\/1 +CrashLoopBackOff +[1-9]/.test(await kubectl('get', 'pod', 'crashes')),
    );
    assert.match(
      await kubectl('get', 'pod', 'crashes', '-o', 'jsonpath={.status.containerStatuses[0].state.waiting.message}'),
      /back-off 10s restarting failed container=main pod=crashes_default\(/,
    );
    assert.match(await kubectl('describe', 'pod', 'crashes'), /Last State: +Terminated[\s\S]*Exit Code: +1/);
    await kubectl('delete', 'pod', 'crashes', '--now');
  });

  it('is reached on the port of the host that it asked for', async () => {
    await device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'served' },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'main',
            image: testImage,
            ports: [{ containerPort: 8080, hostPort: 28_080 }],
            command: ['sh', '-c', 'mkdir /www; echo served > /www/index.html; exec httpd -f -p 8080 -h /www'],
          },
        ],
      },
    });
    await device.waitForPhase('served', 'Running');
    const ip = await kubectl('get', 'pod', 'served', '-o', 'jsonpath={.status.podIP}');
    await waitFor(
      'an answer from the pod address',
      async () => (await (await fetch(`http://${ip}:8080/`)).text()) === 'served\n',
    );
    const hostIp = await kubectl('get', 'pod', 'served', '-o', 'jsonpath={.status.hostIP}');
    await waitFor(
      'an answer from the host port',
      async () => (await (await fetch(`http://${hostIp}:28080/`)).text()) === 'served\n',
    );
    await kubectl('delete', 'pod', 'served', '--now');
  });

  it('of a static manifest directory runs, is put back when deleted, and goes with its file', async () => {
    const directory = join(device.directory, 'manifests');
    mkdirSync(directory);
    const config = join(device.directory, 'eliotd.yaml');
    writeFileSync(config, `staticPodPath: ${directory}\n`);
    writeFileSync(
      join(directory, 'from-file.yaml'),
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: from-file\nspec:\n  terminationGracePeriodSeconds: 0\n  containers:\n  - name: main\n    image: ${testImage}\n    command: [sleep, "3600"]\n`,
    );
    const other = await TestDevice.start({ args: ['--config', config] });
    try {
      await other.waitForPhase('from-file', 'Running');
      const uid = (await other.kubectlOk(['get', 'pod', 'from-file', '-o', 'jsonpath={.metadata.uid}'])).stdout;
      await other.kubectlOk(['delete', 'pod', 'from-file', '--now']);
      await waitFor('the pod to be put back', async () => {
        const now = await other.kubectlOk(['get', 'pod', 'from-file', '-o', 'jsonpath={.metadata.uid}']);
        return now.stdout !== '' && now.stdout !== uid;
      });
      rmSync(join(directory, 'from-file.yaml'));
      await waitFor('the pod to go', async () => (await other.kubectl(['get', 'pod', 'from-file'])).exitCode === 1);
    } finally {
      await other.close();
    }
  });

  it('is on a node with the labels that were set, and a lease that is renewed', async () => {
    assert.equal(await kubectl('get', 'node', 'device', '-o', 'jsonpath={.metadata.labels.zone}'), 'kitchen');
    const renewed = async (): Promise<string> =>
      kubectl('get', 'lease', 'device', '-n', 'kube-node-lease', '-o', 'jsonpath={.spec.renewTime}');
    const first = await renewed();
    await waitFor('the next heartbeat', async () => (await renewed()) !== first);
  });

  it('leaves no cgroup and no directory behind when it is deleted', async () => {
    await device.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'tidy' },
      spec: {
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [
          {
            name: 'main',
            image: testImage,
            command: ['sleep', '3600'],
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
      },
    });
    await device.waitForPhase('tidy', 'Running');
    const uid = await kubectl('get', 'pod', 'tidy', '-o', 'jsonpath={.metadata.uid}');
    assert.ok(existsSync(join(device.dataDir, 'pods', uid)));
    await kubectl('delete', 'pod', 'tidy', '--now');
    await waitFor('its directory to go', () => !existsSync(join(device.dataDir, 'pods', uid)));
    const { stdout } = await run('find', ['/sys/fs/cgroup', '-name', `*${uid}*`]);
    assert.equal(stdout, '');
  });
});
