/** Clients that reach running pods another way than kubectl 1.35 does: SPDY (kubectl up to 1.29) and client-node. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { Attach, Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node';
import { Collector, inputOf } from '../../src/testing/runtime-fixtures.ts';
import { shellPod, TestDevice } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

const digest = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const fiveMegabytes = 5 * 1024 * 1024;

/** kubectl speaks to exec and port-forward as its older versions did. */
const spdyOnly = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' };

describe('other clients into running pods', () => {
  let device: TestDevice;

  before(async () => {
    device = await TestDevice.start();
    await device.create(shellPod('web', 'exec httpd -f -p 127.0.0.1:8080 -h /etc'));
    await device.create(
      shellPod('cat', '', {
        containers: [{ name: 'main', image: 'eliot.test/busybox:1', command: ['cat'], stdin: true }],
      }),
    );
    await device.waitForPhase('web', 'Running');
    await device.waitForPhase('cat', 'Running');
  });
  after(() => device?.close());

  describe('kubectl over SPDY', () => {
    it('exec passes outputs and the exit code', async () => {
      const command = ['exec', 'web', '-v=8', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'];
      const { stdout, stderr, exitCode } = await device.kubectl(command, { env: spdyOnly });
      assert.match(stderr, /SPDY\/3\.1/i, 'it is SPDY indeed');
      assert.deepEqual([stdout, exitCode], ['out\n', 7]);
    });

    it('exec -i carries 5 MB each way and ends with its input', async () => {
      const sent = randomBytes(fiveMegabytes).toString('base64');
      const { stdout } = await device.kubectlOk(['exec', '-i', 'web', '--', 'cat'], { env: spdyOnly, input: sent });
      assert.equal(digest(stdout), digest(sent));
    });

    it('exec of a command that is not there says so', async () => {
      const { stderr, exitCode } = await device.kubectl(['exec', 'web', '--', '/nope'], { env: spdyOnly });
      assert.equal(exitCode, 1);
      assert.match(stderr, /exec: "\/nope": stat \/nope: no such file or directory/);
    });
  });

  describe('the official JavaScript client', () => {
    let config: KubeConfig;

    before(() => {
      config = new KubeConfig();
      config.loadFromFile(device.kubeconfig);
    });

    it('runs a command with input and gets its status', async () => {
      const [stdout, stderr] = [new Collector(), new Collector()];
      const status = Promise.withResolvers<V1Status>();
      const sent = randomBytes(fiveMegabytes);
      const command = ['sh', '-c', 'cat; echo err >&2; exit 3'];
      await new Exec(config).exec(
        'default',
        'web',
        'main',
        command,
        stdout,
        stderr,
        inputOf(sent),
        false,
        status.resolve,
      );
      const { status: outcome, details } = await status.promise;
      assert.equal(outcome, 'Failure');
      assert.deepEqual(details?.causes, [{ reason: 'ExitCode', message: '3' }]);
      assert.equal(stderr.text, 'err\n');
      assert.equal(digest(stdout.bytes), digest(sent));
    });

    it('attaches', async () => {
      const [stdout, stdin] = [new Collector(), new PassThrough()];
      const webSocket = await new Attach(config).attach('default', 'cat', 'main', stdout, null, stdin, false);
      while (!stdout.text.includes('hello')) {
        const seen = stdout.bytes.length;
        stdin.write('hello\n');
        await stdout.grown(seen);
      }
      webSocket.close();
      await device.waitForPhase('cat', 'Running');
    });

    it('forwards a port', async () => {
      const forward = new PortForward(config);
      const server = createServer((socket) => {
        forward.portForward('default', 'web', [8080], socket, null, socket).catch(() => socket.destroy());
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      await waitFor('an answer', async () => {
        const socket = connect(port, '127.0.0.1');
        socket.write('GET /hosts HTTP/1.0\r\n\r\n');
        // client-node does not pass the end of the connection on: read as far as needed.
        let answer = '';
        for await (const chunk of socket) {
          answer += chunk;
          if (answer.includes('localhost')) break;
        }
        return answer.includes('200 OK') && answer.includes('localhost');
      });
      server.close();
    });
  });
});
