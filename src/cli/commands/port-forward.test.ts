/** `eli port-forward` against the real API server, whose pods are scripted; the words are those of kubectl 1.35. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { deployments, pods } from '../../api/resources.ts';
import { StatusError } from '../../lib/status-error.ts';
import { EliRun, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { until } from '../../testing/settle.ts';
import { startTestPod } from '../../testing/test-pods.ts';

/** A TCP server that plays the pod. */
async function podServer(serve: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

describe('port-forward', () => {
  let device: LocalDevice;
  let run: EliRun | undefined;
  let inPod: { server: Server; port: number };
  let serve: (socket: Socket) => void;

  before(async () => {
    device = await LocalDevice.start();
    inPod = await podServer((socket) => serve(socket));
    device.streams.portForward = async (_ref, port) => {
      if (port === 81) throw new StatusError('ServiceUnavailable', 'connection refused');
      return connect({ port: inPod.port, host: '127.0.0.1', allowHalfOpen: true });
    };
    await startTestPod(device.client, { name: 'waiting' }, 'Pending');
    const labels = { app: 'web' };
    await device.client.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'x' }] } },
      },
    });
  });
  after(async () => {
    inPod.server.close();
    await device.close();
  });
  beforeEach(async () => {
    serve = (socket) => void socket.pipe(socket);
    await startTestPod(device.client, { name: 'web', labels: { app: 'web' } });
  });
  afterEach(async () => {
    run?.signal('SIGINT');
    await run?.ended;
    run = undefined;
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 }).catch(() => {});
  });

  const env = (): Record<string, string> => ({ ELIOT_RUN_DIR: device.runDirectory });

  /** Starts a forwarding to `remote`; the local port on 127.0.0.1. */
  async function forward(word: string, remote: string): Promise<number> {
    run = new EliRun(['port-forward', word, remote, '--address', '127.0.0.1'], { env: env() });
    await run.stdout.printed(/Forwarding from 127\.0\.0\.1:\d+ -> \d+\n/);
    return Number(/127\.0\.0\.1:(\d+)/.exec(run.stdout.text)?.[1]);
  }

  /** Sends `request`, ends its side, and reads to the end. */
  async function ask(port: number, request: Buffer | string): Promise<Buffer> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(request);
    return Buffer.concat(await socket.toArray());
  }

  it('carries bytes both ways, and each side may end first', async () => {
    const port = await forward('web', ':80');
    const sent = randomBytes(3_000_000);
    const answers = await Promise.all([ask(port, sent), ask(port, 'hello'), ask(port, '')]);
    assert.ok(answers[0]?.equals(sent));
    assert.equal(answers[1]?.toString(), 'hello');
    assert.equal(run?.stdout.text.match(new RegExp(`^Handling connection for ${port}$`, 'gm'))?.length, 3);
    serve = (socket) => {
      socket.end('bye');
      socket.resume();
    };
    assert.equal((await ask(port, 'x')).toString(), 'bye');
  });

  it('lets the reader here slow the writer in the pod', async () => {
    let written = 0;
    const podSide = Promise.withResolvers<Socket>();
    serve = (socket) => {
      podSide.resolve(socket);
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536))) written += 65_536;
      };
      socket.on('drain', more);
      socket.on('error', () => {});
      more();
    };
    const port = await forward('pod/web', ':80');
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'readable');
    // It stops by itself: nobody reads on.
    for (let before = -1, turns = 0; turns < 2_000; turns = written === before ? turns + 1 : 0) {
      before = written;
      await nextTurn();
    }
    assert.ok(written < 64_000_000, `${written} bytes were taken`);
    // What nobody has read must not stand in the way of the end.
    const left = await podSide.promise;
    socket.destroy();
    await until(() => left.closed, 'the end in the pod');
  });

  it('goes on when the pod refuses a connection, and says why', async () => {
    const port = await forward('deploy/web', ':81');
    assert.equal((await ask(port, 'x')).length, 0);
    await run?.stderr.printed(
      /^error: an error occurred forwarding \d+ -> 81: error forwarding port 81 to pod: connection refused\n$/,
    );
    await ask(port, 'x');
    run?.signal('SIGINT');
    assert.equal(await run?.ended, 0);
  });

  it('ends with the pod', async () => {
    await forward('web', ':80');
    await device.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    assert.equal(await run?.ended, 1);
    assert.match(run?.stderr.text ?? '', /^error: lost connection to pod\n/);
  });

  it('listens on both addresses of localhost, and says which port is taken', async () => {
    const taken = await forward('web', ':80');
    const { exitCode, stdout, stderr } = await eli(['port-forward', 'web', `${taken}:80`, '--address', '127.0.0.1'], {
      env: env(),
    });
    assert.deepEqual([exitCode, stdout], [1, '']);
    const problem = `unable to create listener: Error listen tcp4 127.0.0.1:${taken}: bind: address already in use`;
    assert.ok(
      stderr.startsWith(
        `Unable to listen on port ${taken}: Listeners failed to create with the following errors: [${problem}]\n` +
          `error: unable to listen on any of the requested ports: [{${taken} 80}]\n`,
      ),
      stderr,
    );
    const both = new EliRun(['port-forward', 'web', ':80', ':90'], { env: env() });
    await both.stdout.printed(
      /Forwarding from 127\.0\.0\.1:(\d+) -> 80\n(Forwarding from \[::1\]:\1 -> 80\n)?Forwarding from 127\.0\.0\.1:\d+ -> 90\n/,
    );
    both.signal('SIGTERM');
    assert.equal(await both.ended, 143);
  });

  for (const { args, complains } of [
    { args: ['web'], complains: 'error: TYPE/NAME and list of ports are required for port-forward\n' },
    { args: ['nope', '80'], complains: 'Error from server (NotFound): pods "nope" not found\n' },
    { args: ['service/web', '80'], complains: 'error: this version of Eliot has no services\n' },
    { args: ['configmap/web', '80'], complains: 'error: "configmap/web" is no pod\n' },
    { args: ['web', 'smtp'], complains: "error: Pod 'web' does not have a named port 'smtp'\n" },
    { args: ['web', '80', '--address', 'nowhere'], complains: 'error: nowhere is not a valid IP\n' },
    {
      args: ['waiting', '80'],
      complains: 'error: unable to forward port because pod is not running. Current status=Pending\n',
    },
  ]) {
    it(`${args.join(' ')} is refused`, async () => {
      const { exitCode, stderr } = await eli(['port-forward', ...args], { env: env() });
      assert.equal(exitCode, 1);
      assert.ok(stderr.startsWith(complains), stderr);
    });
  }
});
