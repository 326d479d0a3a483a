/** Conformance: ServiceAccounts, tokens, authorization. */
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { shellPod, TestDevice, testImage } from '../../support/device.ts';
import { kubectlPath } from '../../support/kubectl.ts';
import { waitFor } from '../../support/wait.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const issuer = 'https://kubernetes.default.svc.cluster.local';

/** A pod in which the real kubectl can be run: a client like any other, with what every pod gets. */
function kubectlPod(name: string, namespace: string, change: Record<string, unknown> = {}): object {
  const base = shellPod(name, 'trap "exit 0" TERM; sleep 3600 & wait', change) as {
    metadata: object;
    spec: { containers: object[] };
  };
  return {
    ...base,
    metadata: { name, namespace },
    spec: {
      ...base.spec,
      containers: base.spec.containers.map((container) => ({
        ...container,
        volumeMounts: [{ name: 'kubectl', mountPath: '/bin/kubectl', readOnly: true }],
      })),
      volumes: [{ name: 'kubectl', hostPath: { path: kubectlPath(), type: 'File' } }],
    },
  };
}

describe('service accounts, tokens and authorization', () => {
  let device: TestDevice;
  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;
  const json = async (...args: string[]) => JSON.parse(await kubectl(...args, '-o', 'json'));
  const createJson = async (manifest: object) =>
    JSON.parse(
      (await device.kubectlOk(['create', '-f', '-', '-o', 'json'], { input: JSON.stringify(manifest) })).stdout,
    );
  const review = (token: string, audiences: readonly string[] = []) =>
    createJson({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences } });
  const waitForRunning = (name: string, namespace: string) =>
    kubectl('wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=60s');
  const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

  before(async () => {
    device = await TestDevice.start();
  });
  after(() => device?.close());

  describe('of one device', { concurrency: 4 }, () => {
    it('serviceaccount/lifecycle: an account is created, patched, found by its label and deleted, and a watch sees it', async () => {
      await kubectl('create', 'namespace', 'sa-life');
      const watch = device.kubectlBackground([
        'get',
        'sa',
        '-n',
        'sa-life',
        '-w',
        '--output-watch-events',
        '-l',
        'kind=test',
      ]);
      try {
        await createJson({
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'robot', namespace: 'sa-life', labels: { kind: 'test' } },
        });
        await watch.prints(/ADDED +robot/);
        await kubectl('patch', 'sa', 'robot', '-n', 'sa-life', '-p', '{"automountServiceAccountToken":false}');
        const [found] = (await json('get', 'sa', '-A', '-l', 'kind=test')).items;
        assert.deepEqual([found.metadata.name, found.automountServiceAccountToken], ['robot', false]);
        await kubectl('delete', 'sa', '-n', 'sa-life', '-l', 'kind=test');
        await watch.prints(/DELETED +robot/);
      } finally {
        await watch.stop();
      }
    });

    it('serviceaccount/update: a PUT that changes automountServiceAccountToken is stored', async () => {
      await kubectl('create', 'sa', 'updated');
      const account = await json('get', 'sa', 'updated');
      await device.kubectlOk(['replace', '-f', '-'], {
        input: JSON.stringify({ ...account, automountServiceAccountToken: true }),
      });
      assert.equal((await json('get', 'sa', 'updated')).automountServiceAccountToken, true);
    });

    it('serviceaccount/root-ca-configmap: every namespace has the CA, also after it was deleted or edited', async () => {
      await kubectl('create', 'namespace', 'root-ca');
      const ca = async (): Promise<string | undefined> => {
        const { stdout } = await device.kubectl([
          'get',
          'cm',
          'kube-root-ca.crt',
          '-n',
          'root-ca',
          '-o',
          'jsonpath={.data.ca\\.crt}',
        ]);
        return stdout.includes('BEGIN CERTIFICATE') ? stdout : undefined;
      };
      const first = await waitFor('the map of a new namespace', ca);
      await kubectl('delete', 'cm', 'kube-root-ca.crt', '-n', 'root-ca');
      assert.equal(await waitFor('the map that was deleted', ca), first);
      await kubectl('patch', 'cm', 'kube-root-ca.crt', '-n', 'root-ca', '-p', '{"data":{"ca.crt":"wrong","more":"x"}}');
      await waitFor('the data that was edited', async () => {
        const { data } = await json('get', 'cm', 'kube-root-ca.crt', '-n', 'root-ca');
        return Object.keys(data).length === 1 && data['ca.crt'] === first;
      });
    });

    it('serviceaccount/automount-token: every container finds token, CA and namespace, and the token is that of its account', async () => {
      await kubectl('create', 'namespace', 'sa-mount');
      await kubectl('create', 'sa', 'robot', '-n', 'sa-mount');
      const line = `[ -s ${mountPath}/ca.crt ] && [ -s ${mountPath}/token ] && sleep 3600`;
      const container = { image: testImage, command: ['sh', '-c', line] };
      await createJson({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'two', namespace: 'sa-mount' },
        spec: {
          serviceAccountName: 'robot',
          terminationGracePeriodSeconds: 0,
          initContainers: [{ ...container, name: 'init', command: ['sh', '-c', `[ -s ${mountPath}/token ]`] }],
          containers: [
            { ...container, name: 'one' },
            { ...container, name: 'other' },
          ],
        },
      });
      await waitForRunning('two', 'sa-mount');
      const pod = await json('get', 'pod', 'two', '-n', 'sa-mount');
      for (const name of ['one', 'other']) {
        const namespace = await kubectl(
          'exec',
          'two',
          '-n',
          'sa-mount',
          '-c',
          name,
          '--',
          'cat',
          `${mountPath}/namespace`,
        );
        assert.equal(namespace, 'sa-mount');
        const token = await kubectl('exec', 'two', '-n', 'sa-mount', '-c', name, '--', 'cat', `${mountPath}/token`);
        const { status } = await review(token);
        assert.equal(status.authenticated, true);
        assert.equal(status.user.username, 'system:serviceaccount:sa-mount:robot');
        assert.deepEqual(status.user.groups, [
          'system:serviceaccounts',
          'system:serviceaccounts:sa-mount',
          'system:authenticated',
        ]);
        assert.deepEqual(status.user.extra['authentication.kubernetes.io/pod-name'], ['two']);
        assert.deepEqual(status.user.extra['authentication.kubernetes.io/pod-uid'], [pod.metadata.uid]);
        assert.deepEqual(status.user.extra['authentication.kubernetes.io/node-name'], ['device']);
        assert.deepEqual(status.audiences, [issuer]);
      }
      const volume = pod.spec.volumes.find(({ name }: { name: string }) => name.startsWith('kube-api-access-'));
      assert.match(volume.name, /^kube-api-access-[a-z0-9]{5}$/);
      assert.equal(volume.projected.sources[0].serviceAccountToken.expirationSeconds, 3607);
    });

    it('serviceaccount/automount-opt-out: the pod decides, else its account, else the token is mounted', async () => {
      await kubectl('create', 'namespace', 'sa-opt');
      const values = { unset: undefined, true: true, false: false };
      for (const [name, value] of Object.entries(values)) {
        await createJson({
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: `mount-${name}`, namespace: 'sa-opt' },
          ...(value === undefined ? {} : { automountServiceAccountToken: value }),
        });
      }
      for (const [accountName, account] of Object.entries(values)) {
        for (const [podName, pod] of Object.entries(values)) {
          const name = `pod-${podName}-account-${accountName}`;
          // What admission decides stands in the answer; a pod need not run for it.
          const created = await createJson({
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name, namespace: 'sa-opt' },
            spec: {
              serviceAccountName: `mount-${accountName}`,
              ...(pod === undefined ? {} : { automountServiceAccountToken: pod }),
              terminationGracePeriodSeconds: 0,
              containers: [{ name: 'main', image: testImage, command: ['true'] }],
              restartPolicy: 'Never',
            },
          });
          const mounts = (created.spec.containers[0].volumeMounts ?? []).map(
            (each: { mountPath: string }) => each.mountPath,
          );
          assert.deepEqual(mounts, (pod ?? account ?? true) ? [mountPath] : [], name);
          assert.equal((created.spec.volumes ?? []).length, mounts.length, name);
        }
      }
    });

    it('serviceaccount/projected-token: a projected token is written where it is asked for, for whom it is asked for', async () => {
      await createJson({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'vault' },
        spec: {
          terminationGracePeriodSeconds: 0,
          automountServiceAccountToken: false,
          securityContext: { runAsUser: 1000, fsGroup: 10_001 },
          containers: [
            {
              name: 'main',
              image: testImage,
              command: ['sleep', '3600'],
              volumeMounts: [{ name: 'tokens', mountPath: '/tokens' }],
            },
          ],
          volumes: [
            {
              name: 'tokens',
              projected: {
                sources: [{ serviceAccountToken: { path: 'vault/token', audience: 'vault', expirationSeconds: 600 } }],
              },
            },
          ],
        },
      });
      await waitForRunning('vault', 'default');
      const owner = await kubectl('exec', 'vault', '--', 'stat', '-L', '-c', '%a %u %g', '/tokens/vault/token');
      assert.equal(owner, '640 1000 10001\n');
      const token = await kubectl('exec', 'vault', '--', 'cat', '/tokens/vault/token');
      const { aud, iat, exp, sub, iss } = claimsOf(token);
      assert.deepEqual([aud, exp - iat, sub, iss], [['vault'], 600, 'system:serviceaccount:default:default', issuer]);
      const asked = await review(token, ['vault', 'other']);
      assert.deepEqual([asked.status.authenticated, asked.status.audiences], [true, ['vault']]);
      const forApi = await review(token);
      assert.notEqual(forApi.status.authenticated, true);
      assert.match(forApi.status.error, /token audiences \["vault"\] is invalid for the target audiences/);
      // A token that is not for the API opens no door of it.
      assert.match(
        (await device.kubectl(['auth', 'whoami', '--token', token, ...withoutCertificate()])).stderr,
        /Unauthorized/,
      );
    });

    it('serviceaccount/oidc-discovery: a pod reaches issuer and keys, and its token is signed by one of them', async () => {
      await createJson(kubectlPod('oidc', 'default'));
      await waitForRunning('oidc', 'default');
      const inPod = (...args: string[]) => kubectl('exec', 'oidc', '--', ...args);
      const configuration = JSON.parse(await inPod('kubectl', 'get', '--raw', '/.well-known/openid-configuration'));
      assert.equal(configuration.issuer, issuer);
      assert.deepEqual(configuration.id_token_signing_alg_values_supported, ['ES256']);
      // The address is one that the pod itself can use.
      const { host, pathname } = new URL(configuration.jwks_uri);
      const [api] = (await inPod('sh', '-c', 'echo $KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT')).split('\n');
      assert.deepEqual([host, pathname], [api, '/openid/v1/jwks']);
      const { keys } = JSON.parse(await inPod('kubectl', 'get', '--raw', pathname));

      const token = await inPod('cat', `${mountPath}/token`);
      const [head = '', payload = '', signature = ''] = token.split('.');
      const { kid, alg } = JSON.parse(Buffer.from(head, 'base64url').toString());
      const key = keys.find((each: { kid: string }) => each.kid === kid);
      assert.equal(alg, 'ES256');
      const { iss, aud, exp } = claimsOf(token);
      assert.deepEqual([iss, aud], [issuer, [issuer]]);
      assert.ok(exp * 1000 > Date.now());
      const publicKey = createPublicKey({ key, format: 'jwk' });
      const isSigned = verify(
        'sha256',
        Buffer.from(`${head}.${payload}`),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
      assert.ok(isSigned);
    });

    it('authz/subject-access-review: a review says what impersonating the account would meet', async () => {
      await kubectl('create', 'namespace', 'sar');
      await kubectl('create', 'sa', 'robot', '-n', 'sar');
      await kubectl('create', 'sa', 'viewer', '-n', 'sar');
      await kubectl('annotate', 'sa', 'viewer', '-n', 'sar', 'eliot.run/role=view');
      for (const [account, verb, resource] of [
        ['robot', 'list', 'configmaps'],
        ['viewer', 'list', 'configmaps'],
        ['viewer', 'list', 'secrets'],
        ['viewer', 'delete', 'pods'],
      ] as const) {
        const user = `system:serviceaccount:sar:${account}`;
        const spec = { user, resourceAttributes: { namespace: 'sar', verb, resource, version: 'v1' } };
        const apiVersion = 'authorization.k8s.io/v1';
        const { status } = await createJson({ apiVersion, kind: 'SubjectAccessReview', spec });
        const local = await createJson({
          apiVersion,
          kind: 'LocalSubjectAccessReview',
          metadata: { namespace: 'sar' },
          spec,
        });
        const command = verb === 'list' ? ['get', resource] : ['delete', resource, '--all'];
        const tried = await device.kubectl([...command, '-n', 'sar', '--as', user]);
        const expected = account === 'viewer' && resource === 'configmaps';
        const what = `${account} ${verb} ${resource}`;
        assert.deepEqual([status.allowed, local.status.allowed], [expected, expected], what);
        if (verb === 'list') assert.equal(tried.exitCode === 0, expected, `${what}: ${tried.stderr}`);
      }
      const refused = await device.kubectl([
        'get',
        'configmaps',
        '-n',
        'sar',
        '--as',
        'system:serviceaccount:sar:robot',
      ]);
      assert.match(
        refused.stderr,
        /configmaps is forbidden: User "system:serviceaccount:sar:robot" cannot list resource "configmaps" in API group "" in the namespace "sar"/,
      );
    });

    it('a program in a pod finds the API by itself, and may do what its account may', async () => {
      await kubectl('create', 'namespace', 'inside');
      await kubectl('create', 'sa', 'viewer', '-n', 'inside');
      await createJson(kubectlPod('client', 'inside', { serviceAccountName: 'viewer' }));
      await createJson(kubectlPod('host', 'inside', { serviceAccountName: 'viewer', hostNetwork: true }));
      for (const pod of ['client', 'host']) {
        await waitForRunning(pod, 'inside');
        const whoami = await kubectl('exec', pod, '-n', 'inside', '--', 'kubectl', 'auth', 'whoami', '-o', 'json');
        assert.equal(JSON.parse(whoami).status.userInfo.username, 'system:serviceaccount:inside:viewer', pod);
      }
      const list = ['exec', 'client', '-n', 'inside', '--', 'kubectl', 'get', 'pods', '-o', 'name'];
      const refused = await device.kubectl(list);
      assert.match(refused.stderr, /cannot list resource "pods" in API group "" in the namespace "inside"/);
      await kubectl('annotate', 'sa', 'viewer', '-n', 'inside', 'eliot.run/role=view');
      assert.equal(await kubectl(...list), 'pod/client\npod/host\n');
      await kubectl('annotate', 'sa', 'viewer', '-n', 'inside', 'eliot.run/role-');
      assert.equal((await device.kubectl(list)).exitCode, 1, 'what was granted can be taken back');
      const wrong = await device.kubectl(['annotate', 'sa', 'viewer', '-n', 'inside', 'eliot.run/role=god']);
      assert.match(wrong.stderr, /Unsupported value: "god": supported values: "view", "edit", "cluster-admin"/);
    });

    it('what pods change is not in the audit log, and who enters a pod with such a token is', async () => {
      const account = 'system:serviceaccount:audited:editor';
      await kubectl('create', 'namespace', 'audited');
      await kubectl('create', 'sa', 'editor', '-n', 'audited');
      await kubectl('annotate', 'sa', 'editor', '-n', 'audited', 'eliot.run/role=edit');
      await createJson(kubectlPod('client', 'audited', { serviceAccountName: 'editor' }));
      await createJson(kubectlPod('host', 'audited', { serviceAccountName: 'editor', hostNetwork: true }));
      for (const pod of ['client', 'host']) {
        await waitForRunning(pod, 'audited');
        await kubectl('exec', pod, '-n', 'audited', '--', 'kubectl', 'create', 'configmap', `made-by-${pod}`);
      }
      const token = (await kubectl('create', 'token', 'editor', '-n', 'audited')).trim();
      const asAccount = ['--token', token, ...withoutCertificate()];
      await kubectl('exec', 'client', '-n', 'audited', ...asAccount, '--', 'echo', 'hunter2');
      const log = await waitFor('the line of the exec', () => {
        const text = readFileSync(join(device.dataDir, 'audit/audit.log'), 'utf8');
        return text.includes(`"user":{"username":"${account}"`) && text;
      });
      assert.doesNotMatch(log, /made-by-|hunter2/);
      const told = await kubectl(
        'get',
        'events',
        '--field-selector',
        'reason=Exec',
        '-o',
        'jsonpath={.items[*].message}',
      );
      assert.match(told, new RegExp(`${account} from 127\\.0\\.0\\.1: pod audited/client, container \\S+: echo`));
    });

    it('kubectl create token gives a token that ends with its account', async () => {
      await kubectl('create', 'sa', 'short-lived');
      const token = (await kubectl('create', 'token', 'short-lived')).trim();
      const whoami = () => device.kubectl(['auth', 'whoami', '-o', 'json', '--token', token, ...withoutCertificate()]);
      assert.equal(
        JSON.parse((await whoami()).stdout).status.userInfo.username,
        'system:serviceaccount:default:short-lived',
      );
      assert.equal(claimsOf(token).exp - claimsOf(token).iat, 3600);
      await kubectl('delete', 'sa', 'short-lived');
      assert.match((await whoami()).stderr, /Unauthorized/);
      // Another account of the same name is another account.
      await kubectl('create', 'sa', 'short-lived');
      assert.match((await whoami()).stderr, /Unauthorized/);
      const short = await device.kubectl(['create', 'token', 'short-lived', '--duration=5m']);
      assert.match(short.stderr, /may not specify a duration less than 10 minutes/);
      assert.match((await device.kubectl(['create', 'token', 'nobody'])).stderr, /serviceaccounts "nobody" not found/);
    });

    it('a token bound to a pod or a Secret ends with it', async () => {
      await device.create(shellPod('bound', 'sleep 3600'));
      await kubectl('create', 'secret', 'generic', 'bound');
      for (const kind of ['Pod', 'Secret']) {
        const token = (
          await kubectl('create', 'token', 'default', '--bound-object-kind', kind, '--bound-object-name', 'bound')
        ).trim();
        assert.equal((await review(token)).status.authenticated, true, kind);
        await kubectl('delete', kind.toLowerCase(), 'bound', ...(kind === 'Pod' ? ['--now'] : []));
        const { status } = await review(token);
        assert.equal(status.error, '[invalid bearer token, service account token has been invalidated]', kind);
      }
      const stranger = await device.kubectl([
        'create',
        'token',
        'default',
        '--bound-object-kind',
        'Pod',
        '--bound-object-name',
        'nope',
      ]);
      assert.match(stranger.stderr, /pods "nope" not found/);
    });

    it('a pod of an account that does not exist is refused, and pull secrets come from the account', async () => {
      const refused = await device.kubectl(['create', '-f', '-'], {
        input: JSON.stringify(shellPod('nobodys', 'true', { serviceAccountName: 'nobody' })),
      });
      assert.match(
        refused.stderr,
        /pods "nobodys" is forbidden: error looking up service account default\/nobody: serviceaccount "nobody" not found/,
      );
      await createJson({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'puller' },
        imagePullSecrets: [{ name: 'registry' }],
      });
      const pod = await createJson(
        shellPod('pulled', 'true', { serviceAccountName: 'puller', restartPolicy: 'Never' }),
      );
      assert.deepEqual(pod.spec.imagePullSecrets, [{ name: 'registry' }]);
      await kubectl('delete', 'pod', 'pulled', '--now');
    });
  });

  it('a pod that ran on without eliotd gets a fresh token and reaches the API again', async () => {
    await createJson(kubectlPod('survivor', 'default'));
    await waitForRunning('survivor', 'default');
    const token = () => kubectl('exec', 'survivor', '--', 'cat', `${mountPath}/token`);
    const before = await token();
    await device.restartDaemon('SIGKILL');
    await waitFor('a fresh token', async () => (await token()) !== before);
    assert.equal((await review(before)).status.authenticated, true, 'that of before lives on until its time is over');
    const whoami = await kubectl('exec', 'survivor', '--', 'kubectl', 'auth', 'whoami');
    assert.match(whoami, /system:serviceaccount:default:default/);
  });

  /** So that kubectl is who the token says: with a certificate it would be that. */
  function withoutCertificate(): string[] {
    return ['--kubeconfig', '/dev/null', '--server', `https://127.0.0.1:${device.port}`, '--insecure-skip-tls-verify'];
  }
});
