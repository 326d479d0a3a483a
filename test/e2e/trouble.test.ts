/** What goes wrong on a real device, and what the user is told. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { load } from 'js-yaml';
import { run, runOk } from '../support/command.ts';
import { shellPod, TestDevice, testImage } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

interface Credentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Answer {
  readonly code: number;
  readonly status: { readonly kind: string; readonly reason?: string; readonly message?: string };
}

function credentialsOf(kubeconfig: string): Credentials {
  const config = load(readFileSync(kubeconfig, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const data = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
  return {
    ca: data(config.clusters[0]?.cluster['certificate-authority-data']),
    cert: data(config.users[0]?.user['client-certificate-data']),
    key: data(config.users[0]?.user['client-key-data']),
  };
}

describe('a device in trouble', () => {
  let device: TestDevice;
  let credentials: Credentials;

  before(async () => {
    device = await TestDevice.start();
    credentials = credentialsOf(device.kubeconfig);
  });
  after(() => device?.close());

  const send = (method: string, path: string, type: string, body: string | Buffer): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request(
      {
        host: '127.0.0.1',
        port: device.port,
        method,
        path,
        ...credentials,
        agent: false,
        headers: { 'content-type': type },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            code: response.statusCode ?? 0,
            status: JSON.parse(Buffer.concat(chunks).toString()) as Answer['status'],
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
    return promise;
  };
  const post = (type: string, body: string | Buffer): Promise<Answer> =>
    send('POST', '/api/v1/namespaces/default/pods?fieldValidation=Strict', type, body);
  const pod = (change: object): string => JSON.stringify({ ...shellPod('bad', 'true'), ...change });

  for (const { what, type, body, code, message } of [
    {
      what: 'JSON that is cut off',
      type: 'application/json',
      body: '{"kind":"Pod"',
      code: 400,
      message: /JSON|end of/i,
    },
    {
      what: 'JSON of a wrong type',
      type: 'application/json',
      body: pod({ spec: { containers: 'many' } }),
      code: 400,
      message: /spec\.containers/,
    },
    { what: 'YAML that is none', type: 'application/yaml', body: 'a: [1', code: 400, message: /./ },
    {
      what: 'protobuf that is none',
      type: 'application/vnd.kubernetes.protobuf',
      body: Buffer.from('k8s\0\xff\xff\xff\xff', 'latin1'),
      code: 400,
      message: /./,
    },
    {
      what: 'a content type that is unknown',
      type: 'text/html',
      body: '<pod/>',
      code: 415,
      message: /unknown format - accepted media types include: application\/json/,
    },
    {
      what: 'an unknown field',
      type: 'application/json',
      body: pod({ spec: { contaners: [], containers: [{ name: 'a', image: 'b' }] } }),
      code: 400,
      message: /strict decoding error: unknown field "spec\.contaners"/,
    },
    {
      what: 'a name that is no DNS label',
      type: 'application/json',
      body: pod({ metadata: { name: 'Bad_Name/..' } }),
      code: 422,
      message: /metadata\.name: Invalid value: "Bad_Name\/\.\."/,
    },
    {
      what: 'no containers',
      type: 'application/json',
      body: pod({ spec: { containers: [] } }),
      code: 422,
      message: /spec\.containers: Required value/,
    },
    {
      what: 'another kind',
      type: 'application/json',
      body: '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}',
      code: 400,
      message: /Secret|Pod/,
    },
    {
      what: 'a body of 5 MB',
      type: 'application/json',
      body: JSON.stringify({ ...shellPod('big', 'true'), extra: 'x'.repeat(5_000_000) }),
      code: 413,
      message: /too large|limit/i,
    },
  ]) {
    it(`answers ${what} with a Status that says so`, async () => {
      const answer = await post(type, body);
      assert.equal(answer.status.kind, 'Status');
      assert.match(answer.status.message ?? '', message);
      assert.equal(answer.code, code);
    });
  }

  it('does not let a half-sent request hold anything', async () => {
    const sockets: TLSSocket[] = [];
    for (let index = 0; index < 20; index += 1) {
      const socket = connectTls({ host: '127.0.0.1', port: device.port, ...credentials });
      socket.on('error', () => {});
      socket.write(
        'POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"kind"',
      );
      sockets.push(socket);
    }
    await device.kubectlOk(['get', 'pods']);
    for (const socket of sockets) socket.destroy();
    await device.kubectlOk(['get', 'pods']);
  });

  it('serves everybody else while 64 watchers read nothing', async () => {
    const sockets: TLSSocket[] = [];
    try {
      for (let index = 0; index < 64; index += 1) {
        const socket = connectTls({ host: '127.0.0.1', port: device.port, ...credentials });
        socket.on('error', () => {});
        socket.write('GET /api/v1/configmaps?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n');
        socket.pause();
        sockets.push(socket);
      }
      const memoryBefore = residentBytes(device.pid);
      const filler = 'x'.repeat(100_000);
      for (let index = 0; index < 40; index += 1) {
        const body = JSON.stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `fill-${index}` },
          data: { filler },
        });
        assert.equal((await send('POST', '/api/v1/namespaces/default/configmaps', 'application/json', body)).code, 201);
      }
      const grown = residentBytes(device.pid) - memoryBefore;
      // 64 watchers x 4 MB would be 256 MB if each had a queue of its own.
      assert.ok(grown < 100 * 1024 * 1024, `memory grew by ${(grown / 1048576).toFixed(0)} MB`);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    await device.kubectlOk(['delete', 'configmaps', '--all']);
  });

  it('refuses a connection without a certificate with 401 everywhere but at the health checks', async () => {
    const curl = async (path: string): Promise<string> =>
      (await run('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_code}', `https://127.0.0.1:${device.port}${path}`]))
        .stdout;
    assert.equal(await curl('/api/v1/pods'), '401');
    assert.equal(await curl('/version'), '401');
    assert.equal(await curl('/livez'), '200');
    assert.equal(await curl('/readyz'), '200');
  });

  const waitingReason = async (name: string): Promise<string> =>
    (await device.kubectlOk(['get', 'pod', name, '-o', 'jsonpath={.status.containerStatuses[0].state.waiting.reason}']))
      .stdout;
  const waitingMessage = async (name: string): Promise<string> =>
    (
      await device.kubectlOk([
        'get',
        'pod',
        name,
        '-o',
        'jsonpath={.status.containerStatuses[0].state.waiting.message}',
      ])
    ).stdout;

  it('says that an image is missing', async () => {
    await device.create(shellPod('no-image', '', { containers: [{ name: 'main', image: '127.0.0.1:9/none:1' }] }));
    await waitFor('ErrImagePull', async () =>
      ['ErrImagePull', 'ImagePullBackOff'].includes(await waitingReason('no-image')),
    );
    await device.create(
      shellPod('never', '', { containers: [{ name: 'main', image: 'none:1', imagePullPolicy: 'Never' }] }),
    );
    await waitFor('ErrImageNeverPull', async () => (await waitingReason('never')) === 'ErrImageNeverPull');
    await device.kubectlOk(['delete', 'pod', 'no-image', 'never', '--now']);
  });

  it('says that a command is not in the image', async () => {
    await device.create(
      shellPod('no-command', '', { containers: [{ name: 'main', image: testImage, command: ['/nope'] }] }),
    );
    await waitFor('the failure', async () => {
      const { stdout } = await device.kubectlOk(['get', 'pod', 'no-command', '-o', 'json']);
      return /exec: \\"\/nope\\"/.test(stdout) && /RunContainerError|StartError|CrashLoopBackOff/.test(stdout);
    });
    await device.kubectlOk(['delete', 'pod', 'no-command', '--now']);
  });

  it('waits for a ConfigMap and goes on when it appears', async () => {
    const env = [{ name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'late', key: 'colour' } } }];
    await device.create(
      shellPod('waits', '', {
        containers: [{ name: 'main', image: testImage, env, command: ['sh', '-c', 'echo $COLOUR; sleep 3600'] }],
      }),
    );
    await waitFor(
      'CreateContainerConfigError',
      async () => (await waitingReason('waits')) === 'CreateContainerConfigError',
    );
    assert.match(await waitingMessage('waits'), /configmap "late" not found/);
    await device.kubectlOk(['create', 'configmap', 'late', '--from-literal=colour=blue']);
    await device.waitForPhase('waits', 'Running');
    assert.equal((await device.kubectlOk(['logs', 'waits'])).stdout, 'blue\n');
    await device.kubectlOk(['delete', 'pod', 'waits', '--now']);
  });

  it('refuses a second eliotd on its data directory', async () => {
    const second = await run('bin/eliotd', device.flags, { timeoutMs: 20_000 });
    assert.equal(second.exitCode, 1);
    assert.match(second.stderr, /another eliotd/i);
    await device.kubectlOk(['get', 'pods']);
  });

  it('says that its port is in use, and by which setting to change it', async () => {
    const other = await TestDevice.create({ args: ['--listen', `127.0.0.1:${device.port}`] });
    try {
      const result = await run('bin/eliotd', other.flags, { timeoutMs: 20_000 });
      assert.equal(result.exitCode, 1);
      assert.match(result.stderr, new RegExp(`127\\.0\\.0\\.1:${device.port}.*in use.*--listen`));
    } finally {
      await other.close();
    }
  });

  it('works before the address at which it listens is there, and listens when it comes', async () => {
    const address = '198.51.100.7';
    const other = await TestDevice.create({ args: ['--listen', `${address}:7443`] });
    try {
      await other.startDaemon();
      const env = { ELIOT_RUN_DIR: other.runDir, HOME: other.directory };
      const nodes = await runOk('bin/eli', ['get', 'nodes', '--no-headers'], { env });
      assert.match(nodes.stdout, /^device /);
      assert.match(other.log(), /the API is served at its socket alone/);
      await runOk('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']);
      await waitFor('the address', () => other.log().includes('"listening"'));
      // The certificate has the new address half a minute later.
      await other.kubectlOk(['get', 'nodes', 'device', '--tls-server-name=kubernetes']);
    } finally {
      await run('ip', ['address', 'del', `${address}/32`, 'dev', 'lo']);
      await other.close();
    }
  });

  it('says how to install containerd when there is none', async () => {
    const other = await TestDevice.create();
    try {
      // In a mount namespace of its own, where the program is no program.
      const containerd = (await runOk('sh', ['-c', 'command -v containerd'])).stdout.trim();
      const line = `mount --bind /dev/null ${containerd} && exec bin/eliotd "$@"`;
      const result = await run('unshare', ['-m', 'sh', '-c', line, 'eliotd', ...other.flags], { timeoutMs: 20_000 });
      assert.equal(result.exitCode, 1);
      assert.match(result.stderr, /containerd.*apt-get install containerd/s);
    } finally {
      await other.close();
    }
  });

  it('refuses an unknown flag and a bad value with one line', async () => {
    for (const args of [['--nope'], ['--listen', 'x'], ['--pod-cidr', '10.0.0.0/99']]) {
      const result = await run('bin/eliotd', args);
      assert.equal(result.exitCode, 1);
      assert.equal(result.stderr.trim().split('\n').length, 1);
    }
  });
});

function residentBytes(pid: number): number {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return Number(pages) * 4096;
}
