/** Who may do what: client certificates, groups, revocation. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Background } from '../support/background.ts';
import { run } from '../support/command.ts';
import { shellPod, TestDevice } from '../support/device.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { waitFor } from '../support/wait.ts';

const eliotd = join(import.meta.dirname, '../../bin/eliotd');

describe('the doors of a device', () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start();
  });
  after(() => device?.close());

  it('has TLS 1.3 only on the network', async () => {
    const tls = async (version: string): Promise<number> =>
      (await run('sh', ['-c', `echo | openssl s_client -connect 127.0.0.1:${device.port} ${version} >/dev/null 2>&1`]))
        .exitCode;
    assert.equal(await tls('-tls1_3'), 0);
    assert.notEqual(await tls('-tls1_2'), 0);
    const plain = await run('curl', ['-s', `http://127.0.0.1:${device.port}/livez`]);
    assert.notEqual(plain.stdout, 'ok');
  });

  it('refuses a certificate of a stranger', async () => {
    const made = await run('sh', [
      '-c',
      `cd ${device.directory} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.crt -subj "/O=system:masters/CN=eliot-admin" -days 9 2>/dev/null &&
       curl -sk --cert s.crt --key s.key https://127.0.0.1:${device.port}/api/v1/pods`,
    ]);
    assert.match(made.stdout, /"code": ?401/);
  });

  it('lets root in by the unix socket, and nobody else', async () => {
    const socket = `${device.runDir}/eliotd.sock`;
    const asRoot = await run('curl', ['-s', '--unix-socket', socket, 'http://localhost/api/v1/nodes']);
    assert.match(asRoot.stdout, /"NodeList"/);
    const asNobody = await run('setpriv', [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      'curl',
      '-s',
      '--unix-socket',
      socket,
      'http://localhost/api/v1/nodes',
    ]);
    assert.notEqual(asNobody.exitCode, 0);
  });

  it('writes keys and kubeconfig for their owner only', async () => {
    const { stdout } = await run('sh', ['-c', `stat -c '%a' ${device.kubeconfig} ${device.dataDir}/pki/*.key`]);
    assert.deepEqual([...new Set(stdout.trim().split('\n'))], ['600']);
  });

  it('shows who has a certificate, since when, and when they were last seen', async () => {
    const { stdout } = await device.kubectlOk(['get', 'clients']);
    assert.match(
      stdout,
      /^NAME +GROUPS +ISSUED +LAST SEEN +ADDRESS\neliot-admin +system:masters +\S+ +\S+ +127\.0\.0\.1\n$/,
    );
    assert.equal((await device.eliOk(['get', 'clients'])).stdout.split('\n')[0], stdout.split('\n')[0]);
    for (const describe of [device.eliOk.bind(device), device.kubectlOk.bind(device)]) {
      const described = (await describe(['describe', 'client', 'eliot-admin'])).stdout;
      assert.match(described, /User: +eliot-admin/);
      assert.match(described, /Fingerprint: +[0-9a-f]{64}/);
    }
  });

  it('keeps the last administrator from locking everybody out', async () => {
    const asRoot = (args: string[]) => device.kubectl([...args, '--as', 'root', '--as-group', 'system:masters']);
    for (const remove of [device.eli.bind(device), device.kubectl.bind(device), asRoot]) {
      const { exitCode, stderr } = await remove(['delete', 'client', 'eliot-admin']);
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /clients\.eliot\.run "eliot-admin" is forbidden: it is the last certificate in system:masters/,
      );
    }
  });

  it('lets developers deploy, and not reach what is above them', async () => {
    const asDeveloper = ['--as', 'dev', '--as-group', 'eliot:developers'];
    const can = async (...what: string[]) =>
      (await device.kubectl(['auth', 'can-i', ...what, ...asDeveloper])).stdout.trim();
    assert.equal(await can('create', 'deployments'), 'yes');
    assert.equal(await can('create', 'pods/exec'), 'yes');
    assert.equal(await can('create', 'pods', '--subresource', 'sync'), 'yes');
    assert.equal(await can('get', 'secrets', '-n', 'kube-system'), 'no');
    assert.equal(await can('delete', 'clients'), 'no');
    const listed = await device.kubectlOk(['auth', 'can-i', '--list', ...asDeveloper]);
    assert.match(listed.stdout, /pods\/eviction +\[\] +\[\] +\[create\]/);
    assert.match(listed.stdout, /pods\.eliot\.run\/sync +\[\] +\[\] +\[create get\]/);
    const asViewer = ['--as', 'eve', '--as-group', 'eliot:viewers'];
    const question = ['auth', 'can-i', 'create', 'pods', '--subresource', 'sync', ...asViewer];
    assert.equal((await device.kubectl(question)).stdout.trim(), 'no');
    await device.kubectlOk(['create', 'serviceaccount', 'operator']);
    await device.kubectlOk(['annotate', 'serviceaccount', 'operator', 'eliot.run/role=cluster-admin']);
    for (const args of [
      ['create', 'token', 'operator'],
      ['create', 'token', 'default', '-n', 'kube-system'],
      ['annotate', 'serviceaccount', 'default', 'eliot.run/role=cluster-admin'],
      ['run', 'x', '--image', 'x', '--overrides', '{"spec":{"serviceAccountName":"operator"}}'],
      ['get', 'clients'],
    ]) {
      const { exitCode, stderr } = await device.kubectl([...args, ...asDeveloper]);
      assert.equal(exitCode, 1, args.join(' '));
      assert.match(stderr, /Forbidden|forbidden/, args.join(' '));
    }
  });

  it('shuts a person out at once who was let in by pairing', async () => {
    const kubeconfig = join(device.directory, 'bob.kubeconfig');
    const env = { HOME: device.directory, KUBECONFIG: '', ELI_KUBECONFIG: kubeconfig, ELIOT_RUN_DIR: '/nowhere' };
    const bob = { env: { KUBECONFIG: kubeconfig } };
    const paired = await run(eliotd, [
      'pair',
      '--quiet',
      '--group',
      'developers',
      '--name',
      'bob',
      '--run-dir',
      device.runDir,
    ]);
    await device.eliOk(['pair', `127.0.0.1:${device.port}`, paired.stdout.trim()], { env });
    await device.kubectlOk(['create', 'configmap', 'of-bob'], bob);
    const listed = await device.kubectlOk(['get', 'clients']);
    assert.match(listed.stdout, /^bob +eliot:developers +\S+ +\S+ +127\.0\.0\.1$/m);
    const watch = new Background(kubectlPath(), ['--kubeconfig', kubeconfig, 'get', 'configmaps', '-w']);
    try {
      await watch.prints(/of-bob/);
      await device.kubectlOk(['delete', 'client', 'bob']);
      await watch.ended(5_000);
    } finally {
      await watch.stop();
    }
    assert.match((await device.kubectl(['get', 'pods'], bob)).stderr, /You must be logged in to the server/);
    const events = await device.kubectlOk([
      'get',
      'events',
      '-o',
      'jsonpath={range .items[*]}{.reason} {.message}{"\\n"}{end}',
    ]);
    assert.match(events.stdout, /^ClientIssued Issued the certificate bob of bob \(eliot:developers\)$/m);
    assert.match(events.stdout, /^ClientRevoked Revoked the certificate bob of bob /m);
  });

  it('ends everything that a revoked client has open, at once', async () => {
    await device.kubectlOk(['create', 'secret', 'generic', 'door', '--from-literal', 'code=tops3cret']);
    await device.create(shellPod('busy', 'echo started; while sleep 1; do :; done'));
    await device.waitForPhase('busy', 'Running');
    const open = [
      device.kubectlBackground(['get', 'pods', '-w']),
      device.kubectlBackground(['logs', '-f', 'busy']),
      device.kubectlBackground(['exec', 'busy', '--', 'sh', '-c', 'echo started; exec sleep 600']),
      device.kubectlBackground(['attach', 'busy']),
      device.kubectlBackground(['port-forward', 'pod/busy', ':8080']),
    ];
    try {
      const said = [/busy/, /started/, /started/, /^/, /Forwarding from/];
      for (const [index, background] of open.entries()) await background.prints(said[index] ?? /^/);
      await waitFor('the attach', () =>
        /If you don't see a command prompt|All commands and output/.test(open[3]?.stderr ?? ''),
      );
      const deleted = await device.eliOk(['delete', 'client', 'eliot-admin'], {
        env: { KUBECONFIG: '', ELIOT_RUN_DIR: device.runDir },
      });
      assert.equal(deleted.stdout, 'client.eliot.run "eliot-admin" deleted\n');
      for (const background of open) await background.ended(5_000);
    } finally {
      for (const background of open) await background.stop();
    }
    const refused = await device.kubectl(['get', 'pods']);
    assert.match(refused.stderr, /You must be logged in to the server/);
  });

  it('knows afterwards who did what, and nothing of what was said', async () => {
    const socket = `${device.runDir}/eliotd.sock`;
    const listed = await run('curl', ['-s', '--unix-socket', socket, 'http://localhost/api/v1/events']);
    const events: { reason: string; message: string; involvedObject: { kind: string } }[] = JSON.parse(
      listed.stdout,
    ).items;
    const said = events
      .filter(({ involvedObject }) => involvedObject.kind === 'Node')
      .map(({ reason, message }) => `${reason} ${message}`);
    const isSaid = (pattern: RegExp) =>
      assert.ok(
        said.some((each) => pattern.test(each)),
        `${pattern} in ${said.join('\n')}`,
      );
    isSaid(/^Exec eliot-admin from 127\.0\.0\.1: pod default\/busy.*: sh$/);
    isSaid(/^PortForward eliot-admin from 127\.0\.0\.1: pod default\/busy$/);
    isSaid(/^ClientRevoked Revoked the certificate eliot-admin of eliot-admin \(system:masters\)$/);

    const path = join(device.dataDir, 'audit/audit.log');
    const text = await waitFor('the line of the revocation', () => {
      const found = readFileSync(path, 'utf8');
      return found.includes('"user":{"username":"root"') && found;
    });
    assert.doesNotMatch(text, /tops3cret|dG9wczNjcmV0|command=|exec%20sleep/);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const find = (verb: string, resource: string) =>
      lines.find(
        (line) => line.verb === verb && line.objectRef.resource === resource && line.responseStatus.code < 300,
      );
    assert.equal(find('create', 'secrets').objectRef.name, 'door');
    assert.equal(find('create', 'secrets').user.username, 'eliot-admin');
    assert.deepEqual(find('create', 'secrets').sourceIPs, ['127.0.0.1']);
    const revoked = lines.filter(({ verb, objectRef }) => verb === 'delete' && objectRef.resource === 'clients');
    assert.deepEqual(
      revoked.map(({ user, impersonatedUser, objectRef, responseStatus }) => [
        user.username,
        impersonatedUser?.username,
        objectRef.name,
        responseStatus.code,
      ]),
      [
        ['eliot-admin', undefined, 'eliot-admin', 403],
        ['eliot-admin', 'root', 'eliot-admin', 403],
        ['eliot-admin', undefined, 'bob', 200],
        ['root', undefined, 'eliot-admin', 200],
      ],
    );
    assert.equal(find('create', 'clients').objectRef.name, 'bob');
    const refused = lines.find(({ responseStatus }) => responseStatus.code === 403);
    assert.equal(refused.annotations['authorization.k8s.io/decision'], 'forbid');
    const { size } = statSync(path);
    await device.kubectl(['get', 'pods']);
    assert.equal(statSync(path).size, size);
  });

  it('makes a new administrator at the next start, for root on the device', async () => {
    const before = readFileSync(device.kubeconfig, 'utf8');
    await device.restartDaemon('SIGTERM');
    assert.notEqual(readFileSync(device.kubeconfig, 'utf8'), before);
    assert.match((await device.kubectlOk(['get', 'clients', '--no-headers'])).stdout, /^eliot-admin /);
  });
});
