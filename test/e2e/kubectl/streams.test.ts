/** kubectl 1.35 into running pods: logs, exec, attach, cp, port-forward. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Background } from '../../support/background.ts';
import { shellPod, TestDevice } from '../../support/device.ts';
import { kubectlPath } from '../../support/kubectl.ts';
import { waitFor } from '../../support/wait.ts';

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

describe('kubectl 1.35 into running pods', () => {
  let device: TestDevice;
  const kubectl = async (...args: string[]): Promise<string> => (await device.kubectlOk(args)).stdout;

  before(async () => {
    device = await TestDevice.start();
    await device.create(shellPod('web', 'for n in 1 2 3; do echo line $n; done; exec sleep 3600'));
    await device.create(
      shellPod('two', '', {
        containers: [
          { name: 'one', image: 'eliot.test/busybox:1', command: ['sh', '-c', 'echo from one; sleep 3600'] },
          { name: 'two', image: 'eliot.test/busybox:1', command: ['sh', '-c', 'echo from two; sleep 3600'] },
        ],
      }),
    );
    await device.waitForPhase('web', 'Running');
    await device.waitForPhase('two', 'Running');
  });
  after(() => device?.close());

  it('logs prints everything, --tail the end, --timestamps the time', async () => {
    assert.equal(await kubectl('logs', 'web'), 'line 1\nline 2\nline 3\n');
    assert.equal(await kubectl('logs', 'web', '--tail=1'), 'line 3\n');
    assert.match(await kubectl('logs', 'web', '--timestamps', '--tail=1'), /^\d{4}-\d\d-\d\dT[\d:.]+Z line 3\n$/);
    assert.equal(await kubectl('logs', 'web', '--since=1h'), 'line 1\nline 2\nline 3\n');
    assert.equal(await kubectl('logs', 'two', '-c', 'two'), 'from two\n');
    assert.match(
      (await device.kubectl(['logs', 'web', '-c', 'nope'])).stderr,
      /container nope is not valid for pod web/,
    );
  });

  it('logs -f follows until the container ends', async () => {
    await device.create(
      shellPod('talker', 'for n in 1 2 3 4 5; do echo tick $n; sleep 0.2; done', { restartPolicy: 'Never' }),
    );
    await waitFor(
      'the talker to start',
      async () => (await kubectl('get', 'pod', 'talker', '-o', 'jsonpath={.status.phase}')) !== 'Pending',
    );
    const follow = device.kubectlBackground(['logs', '-f', 'talker']);
    assert.equal(await follow.ended(), 0);
    assert.equal(follow.stdout, 'tick 1\ntick 2\ntick 3\ntick 4\ntick 5\n');
  });

  it('logs --previous shows the run before', async () => {
    await device.create(shellPod('crasher', 'echo run; exit 3'));
    await waitFor(
      'the first restart',
      async () =>
        Number(await kubectl('get', 'pod', 'crasher', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}')) >=
        1,
      { timeoutMs: 40_000 },
    );
    assert.equal(await kubectl('logs', 'crasher', '--previous'), 'run\n');
    assert.match(await kubectl('describe', 'pod', 'crasher'), /Exit Code: +3/);
    await kubectl('delete', 'pod', 'crasher', '--now');
  });

  it('exec passes output, both streams and the exit code', async () => {
    const result = await device.kubectl(['exec', 'web', '--', 'sh', '-c', 'echo "a  b"; echo err >&2; exit 7']);
    assert.equal(result.stdout, 'a  b\n');
    assert.match(result.stderr, /^err\n/);
    assert.equal(result.exitCode, 7);
  });

  it('exec -i ends with the end of stdin', async () => {
    const result = await device.kubectlOk(['exec', '-i', 'web', '--', 'cat'], { input: 'one\ntwo' });
    assert.equal(result.stdout, 'one\ntwo');
  });

  it('exec carries 5 MB each way intact', async () => {
    const input = randomBytes(5 * 1024 * 1024);
    const result = await device.kubectlOk(['exec', '-i', 'web', '--', 'cat'], { input });
    assert.equal(md5(result.bytes), md5(input));
  });

  it('exec of a command that is not there says so', async () => {
    const result = await device.kubectl(['exec', 'web', '--', '/nope']);
    assert.notEqual(result.exitCode, 0);
    assert.match(result.stderr, /no such file or directory|not found/);
  });

  it('exec -it has a terminal with the size of the window', async () => {
    const terminal = new Background(
      'script',
      [
        '-qefc',
        `stty rows 33 cols 101; ${kubectlPath()} exec -it web -- sh -c 'tty; stty size; read answer; echo "got $answer"; exit 5'`,
        '/dev/null',
      ],
      device.clientEnv(),
    );
    await terminal.prints(/33 101/);
    terminal.child.stdin?.write('yes\n');
    await terminal.prints(/got yes/);
    assert.equal(await terminal.ended(), 5);
    assert.match(terminal.stdout, /\/dev\/pts\//);
  });

  it('attach joins the streams of the container', async () => {
    await device.create(
      shellPod('chat', '', {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            image: 'eliot.test/busybox:1',
            stdin: true,
            command: ['sh', '-c', 'while read line; do echo "you said $line"; done'],
          },
        ],
      }),
    );
    await device.waitForPhase('chat', 'Running');
    const attach = device.kubectlBackground(['attach', '-i', 'chat']);
    try {
      await waitFor(
        'an answer of the container',
        async () => {
          attach.child.stdin?.write('hello\n');
          return /you said hello/.test(attach.stdout);
        },
        { intervalMs: 300 },
      );
    } finally {
      await attach.stop();
    }
    assert.equal(await kubectl('get', 'pod', 'chat', '-o', 'jsonpath={.status.phase}'), 'Running');
  });

  it('cp copies files and directories both ways', async () => {
    const there = join(device.directory, 'there');
    mkdirSync(join(there, 'deep'), { recursive: true });
    const content = randomBytes(300_000);
    writeFileSync(join(there, 'deep/file.bin'), content);
    await kubectl('cp', there, 'web:/tmp/there');
    await kubectl('cp', 'web:/tmp/there', join(device.directory, 'back'));
    assert.equal(md5(readFileSync(join(device.directory, 'back/deep/file.bin'))), md5(content));
  });

  it('port-forward reaches a server that listens on loopback only', async () => {
    const line =
      'mkdir /www && echo "answer from the pod" > /www/index.html && exec httpd -f -p 127.0.0.1:8080 -h /www';
    await device.create(shellPod('server', line));
    await device.waitForPhase('server', 'Running');
    // kubectl gives a tunnel up at its first refused connection.
    await waitFor('the server to listen', async () =>
      /127\.0\.0\.1:8080/.test(await kubectl('exec', 'server', '--', 'netstat', '-ltn')),
    );
    const forward = device.kubectlBackground(['port-forward', 'pod/server', ':8080']);
    try {
      const [, port] = await forward.prints(/127\.0\.0\.1:(\d+) -> 8080/);
      const answers = await Promise.all([1, 2, 3].map(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()));
      assert.deepEqual(answers, Array(3).fill('answer from the pod\n'));
    } finally {
      await forward.stop();
    }
  });

  it('leaves no process behind when a client vanishes', async () => {
    const exec = device.kubectlBackground(['exec', '-i', 'web', '--', 'sleep', '777']);
    const count = async (): Promise<number> =>
      Number((await kubectl('exec', 'web', '--', 'sh', '-c', 'ps | grep -c "[s]leep 777" || true')).trim());
    await waitFor('the process to run', async () => (await count()) === 1);
    await exec.stop('SIGKILL');
    await waitFor('the process to be gone', async () => (await count()) === 0);
  });
});
