/** `eli describe` against the real API server; its layout was compared with kubectl 1.35 line by line. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { events, leases, nodes, pods } from '../../api/resources.ts';
import { eli } from '../../testing/eli-runner.ts';
import { LocalDevice, testNodeName } from '../../testing/local-device.ts';
import { formatLocalTime } from '../describe/times.ts';

const manifest = `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {tier: front, app: web}
  annotations: {note: x, long: "a\\nb"}
spec:
  initContainers:
  - {name: init, image: "busybox:1", command: [sh, -c, "echo a\\necho b"]}
  tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 30}, {operator: Exists}]
  nodeSelector: {disk: ssd}
  volumes:
  - {name: e, emptyDir: {medium: Memory}}
  - {name: h, hostPath: {path: /tmp}}
  - {name: c, configMap: {name: cm}}
  - {name: s, secret: {secretName: sec, optional: true}}
  - {name: d, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
  - {name: p, projected: {sources: [{configMap: {name: cm}}, {serviceAccountToken: {path: token, expirationSeconds: 3607}}]}}
  containers:
  - name: main
    image: busybox:1
    args: ["two  words"]
    ports: [{containerPort: 80, name: http, hostPort: 8080}, {containerPort: 53, protocol: UDP}]
    resources: {limits: {cpu: 1500m, memory: 64Mi}, requests: {cpu: 100m}}
    livenessProbe: {httpGet: {port: 80}}
    readinessProbe: {exec: {command: [a, b]}}
    startupProbe: {tcpSocket: {port: http}}
    env:
    - {name: PLAIN, value: "1"}
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: LABEL, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
    - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
    - {name: CM, valueFrom: {configMapKeyRef: {name: cm, key: a}}}
    - {name: SEC, valueFrom: {secretKeyRef: {name: sec, key: a, optional: true}}}
    envFrom: [{configMapRef: {name: cm}, prefix: P_}, {secretRef: {name: sec}}]
    volumeMounts: [{name: e, mountPath: /e, readOnly: true}, {name: c, mountPath: /c, subPath: x}]
  - {name: side, image: "busybox:1"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {a: "1", b: "two\\nlines"}
binaryData: {bin: AAEC}
---
apiVersion: v1
kind: Secret
metadata: {name: sec}
stringData: {password: do-not-show}
`;

describe('eli describe', () => {
  let device: LocalDevice;
  const ago = (seconds: number): string => `${new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19)}Z`;
  const print = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await eli(['describe', ...args], {
      env: { ELIOT_RUN_DIR: device.runDirectory },
    });
    assert.deepEqual([exitCode, stderr], [0, '']);
    return stdout;
  };

  before(async () => {
    device = await LocalDevice.start();
    const applied = await eli(['apply', '-f', '-'], { env: { ELIOT_RUN_DIR: device.runDirectory }, stdin: manifest });
    assert.equal(applied.stderr, '');
    const key = { namespace: 'default', name: 'web' };
    const status = {
      phase: 'Running',
      hostIP: '10.0.0.1',
      podIP: '10.85.0.2',
      podIPs: [{ ip: '10.85.0.2' }],
      startTime: ago(300),
      conditions: [{ type: 'Ready', status: 'False' }],
      containerStatuses: [
        {
          name: 'main',
          image: 'busybox:1',
          imageID: 'sha256:a',
          containerID: 'containerd://abc',
          ready: true,
          restartCount: 2,
          state: { running: { startedAt: ago(290) } },
          lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', startedAt: ago(295), finishedAt: ago(291) } },
        },
        {
          name: 'side',
          image: 'busybox:1',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } },
        },
      ],
    };
    const ephemeralContainers = [{ name: 'debugger', image: 'tools:1', command: ['sh'] }];
    const debug = { spec: { ephemeralContainers } };
    await device.client.patch(pods, key, 'strategic', debug, { subresource: 'ephemeralcontainers' });
    const pod = await device.client.patch(pods, key, 'merge', { status }, { subresource: 'status' });
    await device.client.create(events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.1', namespace: 'default' },
      involvedObject: { kind: 'Pod', name: 'web', namespace: 'default', uid: pod.metadata.uid },
      reason: 'BackOff',
      message: 'Back-off pulling image',
      type: 'Warning',
      source: { component: 'kubelet' },
      firstTimestamp: ago(600),
      lastTimestamp: ago(30),
      count: 3,
    });
    await device.client.create(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: testNodeName, namespace: 'kube-node-lease' },
      spec: { holderIdentity: testNodeName },
    });
    const nodeStatus = {
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      capacity: { cpu: '2', memory: '1Gi' },
      allocatable: { cpu: '2', memory: '1Gi' },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'all is well' }],
    };
    await device.client.patch(
      nodes,
      { name: testNodeName },
      'merge',
      { status: nodeStatus },
      { subresource: 'status' },
    );
  });
  after(() => device.close());

  it('a pod: what it is, what it should be and what became of it', async () => {
    const text = await print('pod', 'web');
    const expected = [
      /^Name: {13}web\nNamespace: {8}default\nPriority: {9}0\nService Account: {2}default\nNode: {13}device\/10\.0\.0\.1\n/,
      /^Labels: {11}app=web\n {18}tier=front$/m,
      /^Annotations: {6}long:\n {20}a\n {20}b\n {18}note: x$/m,
      /^Status: {11}Running\nIP: {15}10\.85\.0\.2\nIPs:\n {2}IP: {2}10\.85\.0\.2\nInit Containers:\n {2}init:$/m,
      /^ {4}Command:\n {6}sh\n {6}-c\n {6}echo a\n {6}echo b$/m,
      /^ {4}Ports: {9}80\/TCP \(http\), 53\/UDP\n {4}Host Ports: {4}8080\/TCP \(http\), 0\/UDP$/m,
      /^ {4}State: {10}Running\n {6}Started: /m,
      /^ {4}Last State: {5}Terminated\n {6}Reason: {7}OOMKilled\n {6}Exit Code: {4}137$/m,
      /^Ephemeral Containers:\n {2}debugger:\n {4}Image: +tools:1$/m,
      /^ {4}State: {10}Waiting\n {6}Reason: {7}ImagePullBackOff\n {6}Message: {6}no such image$/m,
      /^ {4}Limits:\n {6}cpu: {5}1500m\n {6}memory: {2}64Mi$/m,
      /^ {4}Liveness: {3}http-get http:\/\/:80\/ delay=0s timeout=1s period=10s #success=1 #failure=3$/m,
      /^ {4}Readiness: {2}exec \[a b\] delay=0s/m,
      /^ {4}Startup: {4}tcp-socket :http delay=0s/m,
      /^ {6}cm {3}ConfigMap with prefix 'P_' {2}Optional: false\n {6}sec {2}Secret {22}Optional: false$/m,
      /^ {6}PLAIN: {2}1\n {6}NAME: {3}web \(v1:metadata\.name\)\n {6}LABEL: {2}web \(v1:metadata\.labels\['app'\]\)$/m,
      /^ {6}CPUS: {3}2 \(limits\.cpu\)$/m,
      /<set to the key 'a' of config map 'cm'> {2}Optional: false\n.*<set to the key 'a' in secret 'sec'> {5}Optional: true/,
      /^ {4}Mounts:\n {6}\/c from c \(rw,path="x"\)\n {6}\/e from e \(ro\)$/m,
      /^Conditions:\n {2}Type {4}Status\n {2}Ready {3}False $/m,
      /^ {2}e:\n {4}Type: {7}EmptyDir .*\n {4}Medium: {5}Memory\n {4}SizeLimit: {2}<unset>$/m,
      /^ {2}d:\n {4}Type: {2}DownwardAPI .*\n {4}Items:\n {6}metadata\.labels -> labels$/m,
      /^QoS Class: .*Burstable\nNode-Selectors: .*disk=ssd\nTolerations: +op=Exists\n +a:NoExecute op=Exists for 30s$/m,
      /^Events:\n {2}Type .*\n {2}---- .*\n {2}Warning {2}BackOff {2}3\ds \(x3 over 10m\) {2}kubelet {2}Back-off pulling image$/m,
    ];
    for (const pattern of expected) assert.match(text, pattern);
    assert.doesNotMatch(await print('pod', 'web', '--no-show-events'), /Events/);
  });

  it('a pod that is ending: since when, and how long it may take', async () => {
    const ending = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'ending', namespace: 'kube-public' },
      spec: { containers: [{ name: 'a', image: 'b' }] },
    };
    await device.client.create(pods, ending);
    const key = { namespace: 'kube-public', name: 'ending' };
    await device.client.patch(
      pods,
      key,
      'merge',
      { status: { phase: 'Running', startTime: ago(9) } },
      { subresource: 'status' },
    );
    await device.client.delete(pods, key, { gracePeriodSeconds: 40 });
    assert.match(
      await print('pods', '-n', 'kube-public'),
      /^Status: +Terminating \(lasts .*\)\nTermination Grace Period: +40s$/m,
    );
    await device.client.delete(pods, key, { gracePeriodSeconds: 0 });
  });

  it('a node: its conditions, what it can give and who has it', async () => {
    const text = await print('node');
    const expected = [
      /^Name: +device\nRoles: +<none>$/m,
      /^Lease:\n {2}HolderIdentity: {2}device\n {2}AcquireTime: {5}<unset>$/m,
      /^ {2}Ready {3}True {4}<unset> .*KubeletReady {3}all is well$/m,
      /^Addresses:\n {2}InternalIP: {2}10\.0\.0\.1$/m,
      /^Capacity:\n {2}cpu: {5}2\n {2}memory: {2}1Gi$/m,
      /^Non-terminated Pods: +\(1 in total\)$/m,
      /^ {2}default +web +100m \(5%\) +1500m \(75%\) +64Mi \(6%\) +64Mi \(6%\) +\d+s$/m,
      /^ {2}cpu +100m \(5%\) +1500m \(75%\)$/m,
      /^Events: +<none>$/m,
    ];
    for (const pattern of expected) assert.match(text, pattern);
  });

  it('a ConfigMap with its texts, a Secret without its values', async () => {
    assert.match(
      await print('cm', 'cm'),
      /\n\nData\n====\na:\n----\n1\n\nb:\n----\ntwo\nlines\n\n\nBinaryData\n====\nbin: 3 bytes\n\nEvents: {2}<none>\n$/,
    );
    const secret = await print('secret', 'sec');
    assert.match(secret, /\n\nType: {2}Opaque\n\nData\n====\npassword: {2}11 bytes\n$/);
    assert.doesNotMatch(secret, /do-not-show|ZG8tbm90/);
  });

  it('anything else by the names of its fields', async () => {
    const text = await print('lease', '-n', 'kube-node-lease');
    assert.match(text, /^API Version: +coordination\.k8s\.io\/v1\nKind: +Lease\nMetadata:\n {2}Creation Timestamp: /m);
    assert.match(text, /^Spec:\n {2}Holder Identity: +device$/m);
  });

  it('several, one after another', async () => {
    const text = await print('cm,secret', '-n', 'default');
    assert.match(text, /Events: {2}<none>\n\n\nName: +sec\n/);
  });

  const wrong: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
    { args: ['pod', 'nope'], says: /pods "nope" not found/ },
    { args: ['pod', 'web', '-o', 'yaml'], says: /describe has no --output/ },
    { args: [], says: /you must specify the type of resource to describe/ },
    { args: ['pod', 'web', '-l', 'a=b'], says: /name cannot be provided when a selector is specified/ },
  ];
  for (const { args, says } of wrong) {
    it(`${args.join(' ')} is refused in words`, async () => {
      const { exitCode, stderr } = await eli(['describe', ...args], { env: { ELIOT_RUN_DIR: device.runDirectory } });
      assert.equal(exitCode, 1);
      assert.match(stderr, says);
    });
  }
});

describe('a time in a description', () => {
  it('is in the zone of the reader', () => {
    const date = new Date('2026-11-22T10:00:00Z');
    const text = formatLocalTime('2026-11-22T10:00:00Z');
    assert.match(text, /^Sun, 22 Nov 2026 \d\d:\d\d:00 [+-]\d{4}$/);
    assert.equal(new Date(text).getTime(), date.getTime());
  });
  it('that is not there or no time is <unset>', () => {
    assert.equal(formatLocalTime(undefined), '<unset>');
    assert.equal(formatLocalTime('soon'), '<unset>');
  });
});
