/** `eli create TYPE NAME` against the real API server; objects and words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';

describe('create', () => {
  let device: LocalDevice;
  let directory: string;
  before(async () => {
    device = await LocalDevice.start();
    ({ directory } = device);
    await device.write('page', 'hello\n');
    await device.write('vars', '\ufeff# remark\nA=1\n  B=x y=z\nHERE\nMISSING\n');
    await mkdir(`${directory}/files/deeper`, { recursive: true });
    await device.write('files/one.txt', '1');
    await device.write('files/no key', '2');
    await device.write('cert.pem', '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n');
    await device.write('key.pem', '-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n');
  });
  after(() => device.close());

  const run = (args: string): Promise<EliResult> => {
    const words = ['create', ...args.replaceAll('DIR', directory).split(' ')];
    return eli(words, { env: { ELIOT_RUN_DIR: device.runDirectory, HERE: 'there' } });
  };

  for (const { args, object } of [
    {
      args: 'configmap web --from-literal=a=b --from-literal=c= --from-file=DIR/page --from-file=k=DIR/page --from-file=DIR/files',
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'web' },
        data: { a: 'b', c: '', page: 'hello\n', k: 'hello\n', 'one.txt': '1' },
      },
    },
    {
      args: 'cm web --from-env-file=DIR/vars -n other',
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'web', namespace: 'other' },
        data: { A: '1', B: 'x y=z', HERE: 'there' },
      },
    },
    {
      args: 'secret generic db --from-literal=p=open --type=mine',
      object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, data: { p: 'b3Blbg==' }, type: 'mine' },
    },
    {
      args: 'ns lab',
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lab' }, spec: {}, status: {} },
    },
    {
      args: 'quota small --hard=cpu=0.5,memory=1024Mi,cpu=2 --scopes=BestEffort,Terminating',
      object: {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'small' },
        spec: { hard: { cpu: '2', memory: '1Gi' }, scopes: ['BestEffort', 'Terminating'] },
        status: {},
      },
    },
    {
      args: 'resourcequota none',
      object: { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none' }, spec: {}, status: {} },
    },
    {
      args: 'pdb web --selector=d,app=web,!c,b!=1 --max-unavailable=50%',
      object: {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'web' },
        spec: {
          maxUnavailable: '50%',
          selector: {
            matchExpressions: [
              { key: 'b', operator: 'NotIn', values: ['1'] },
              { key: 'c', operator: 'DoesNotExist' },
              { key: 'd', operator: 'Exists' },
            ],
            matchLabels: { app: 'web' },
          },
        },
        status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
      },
    },
    { args: 'sa bot', object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot' } } },
    {
      args: 'deploy web --image=registry.local/a_b/web:1 --port=80 --replicas=3 -- sh -c x',
      object: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { labels: { app: 'web' }, name: 'web' },
        spec: {
          replicas: 3,
          selector: { matchLabels: { app: 'web' } },
          strategy: {},
          template: {
            metadata: { labels: { app: 'web' } },
            spec: {
              containers: [
                {
                  command: ['sh', '-c', 'x'],
                  image: 'registry.local/a_b/web:1',
                  name: 'web',
                  ports: [{ containerPort: 80 }],
                  resources: {},
                },
              ],
            },
          },
        },
        status: {},
      },
    },
  ]) {
    it(`${args} makes its object`, async () => {
      const [before = '', after] = args.split(' -- ');
      const tail = after === undefined ? '' : ` -- ${after}`;
      const { stdout, stderr } = await run(`${before} --dry-run=client -o json${tail}`);
      assert.equal(stderr, '');
      assert.deepEqual(JSON.parse(stdout), object);
    });
  }

  it('makes Secrets to pull with and of certificates', async () => {
    const hub = await run(
      'secret docker-registry hub --docker-username=u --docker-password=p --dry-run=client -o json',
    );
    const { data, type } = JSON.parse(hub.stdout) as { data: Record<string, string>; type: string };
    assert.equal(type, 'kubernetes.io/dockerconfigjson');
    assert.deepEqual(JSON.parse(Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString()), {
      auths: { 'https://index.docker.io/v1/': { username: 'u', password: 'p', auth: 'dTpw' } },
    });
    const tls = await run('secret tls web --cert=DIR/cert.pem --key=DIR/key.pem');
    assert.deepEqual([tls.stdout, tls.stderr], ['secret/web created\n', '']);
  });

  it('says what it made, and with --dry-run makes nothing', async () => {
    assert.equal((await run('cm made --dry-run=server')).stdout, 'configmap/made created (server dry run)\n');
    assert.equal((await run('cm made --dry-run=client')).stdout, 'configmap/made created (dry run)\n');
    assert.equal((await run('cm made')).stdout, 'configmap/made created\n');
    const again = await run('cm made');
    assert.deepEqual(
      [again.exitCode, again.stderr],
      [1, 'error: failed to create configmap: configmaps "made" already exists\n'],
    );
  });

  for (const { args, complains } of [
    { args: 'cm', complains: 'error: exactly one NAME is required, got 0\n' },
    { args: 'cm a b', complains: 'error: exactly one NAME is required, got 2\n' },
    { args: 'cm x --from-literal=a', complains: 'error: invalid literal source a, expected key=value\n' },
    { args: 'cm x --from-file=/nope', complains: 'error: error reading /nope: no such file or directory\n' },
    { args: 'cm x --from-file=a=b=c', complains: "error: key names or file paths cannot contain '='\n" },
    { args: 'cm x --from-file=a=DIR/files', complains: 'error: cannot give a key name for a directory path\n' },
    { args: 'cm x --from-file==f', complains: 'error: key name for file path f missing\n' },
    { args: 'cm x --from-file=k=', complains: 'error: file path for key name k missing\n' },
    {
      args: 'cm x --from-literal=a/b=1',
      complains: 'error: "a/b" is not a valid key name for a ConfigMap: a valid config key',
    },
    {
      args: 'cm x --from-literal=a=1 --from-literal=a=2',
      complains: 'error: cannot add key "a", another key by that name already exists in Data for ConfigMap "x"\n',
    },
    {
      args: 'secret generic x --from-env-file=DIR/vars --from-literal=a=b',
      complains: 'error: from-env-file cannot be combined with from-file or from-literal\n',
    },
    { args: 'secret tls x --cert=DIR/page --key=DIR/page', complains: 'error: tls: failed to find any PEM data' },
    { args: 'secret docker-registry x', complains: 'error: required flag(s) "docker-username" not set\n' },
    { args: 'deployment x', complains: 'error: required flag(s) "image" not set\n' },
    {
      args: 'deployment x --image=a,b -- c',
      complains: 'error: cannot specify multiple --image options and command\n',
    },
    { args: 'deployment x --image=a --port=y', complains: 'error: invalid argument "y" for "--port" flag' },
    {
      args: 'quota x --hard=a=1=2',
      complains: 'error: Invalid argument syntax a=1=2, expected <resource>=<value>\n',
    },
    { args: 'quota x --hard=cpu=much', complains: 'error: quantities must match the regular expression' },
    { args: 'pdb x --min-available=1', complains: 'error: a selector must be specified\n' },
    {
      args: 'pdb x --selector=a=b',
      complains: 'error: one of min-available or max-unavailable must be specified\n',
    },
    {
      args: 'pdb x --selector=a=b --min-available=1 --max-unavailable=1',
      complains: 'error: min-available and max-unavailable cannot be both specified\n',
    },
    {
      args: 'pdb x --selector=a=b --min-available=-1',
      complains: 'error: invalid format specified for min-available\n',
    },
    {
      args: 'pdb x --selector=== --min-available=1',
      complains: `error: couldn't parse the selector string "==": found '=='`,
    },
    { args: 'pdb x --selector=a>1 --min-available=1', complains: `error: "gt" isn't supported in label selectors\n` },
    { args: 'ns default', complains: 'Error from server (AlreadyExists): namespaces "default" already exists\n' },
  ]) {
    it(`${args} is refused`, async () => {
      const { exitCode, stderr } = await run(args);
      assert.equal(exitCode, 1);
      assert.ok(stderr.startsWith(complains), stderr);
    });
  }
});
