/** Exec, attach and port-forward on a real containerd: what goes beyond the runtime suite. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { PassThrough, Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { createSystemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { sweepOrphanExecs } from '../../src/runtime/containerd/streams/sweep-orphan-execs.ts';
import type { ContainerConfig, ContainerId, Runtime, SandboxId } from '../../src/runtime/runtime.ts';
import { Collector, containerConfig, execRequest, inputOf, sandboxConfig } from '../../src/testing/runtime-fixtures.ts';
import { busyboxImage, openTestContainerd, type TestContainerd } from '../support/containerd.ts';
import { waitFor } from '../support/wait.ts';

describe('streams on containerd', () => {
  const signal = AbortSignal.timeout(120_000);
  let containerd: TestContainerd;
  let runtime: Runtime;
  /** A container that sleeps, for execs. */
  let sleeper: ContainerId;

  before(async () => {
    containerd = await openTestContainerd();
    runtime = containerd.managed.runtime;
    sleeper = (await start({})).id;
  });
  after(async () => containerd.close());

  async function start(config: Partial<ContainerConfig>): Promise<{ id: ContainerId; sandbox: SandboxId }> {
    const uid = randomUUID();
    const pod = sandboxConfig({
      name: `streams-${uid}`,
      uid,
      logDirectory: `${containerd.logDirectory}/${uid}`,
      cgroupParent: `${containerd.cgroupParent}/${uid}`,
      // A network of its own: two tests may listen on one port.
      namespaces: { network: 'pod', pid: 'container', ipc: 'pod' },
    });
    const sandbox = await runtime.runSandbox(pod, signal);
    const id = await runtime.createContainer(sandbox, containerConfig({ image: busyboxImage, ...config }), pod, signal);
    await runtime.startContainer(id, signal);
    return { id, sandbox };
  }

  /** Processes of the machine whose command line contains `mark`. */
  async function processesWith(mark: string): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
    return lines.filter((line) => line.includes(mark));
  }

  const nothingLeft = (mark: string): Promise<unknown> =>
    waitFor(`no process with ${mark}`, async () => (await processesWith(mark)).length === 0);

  const pipes = (): Promise<string[]> => readdir(containerd.fifoDirectory).catch(() => []);

  it('leaves no pipe and no record behind', async () => {
    assert.equal(await runtime.exec(sleeper, execRequest({ command: ['true'] }), signal), 0);
    await assert.rejects(runtime.exec(sleeper, execRequest({ command: ['/nope'] }), signal));
    assert.deepEqual(await pipes(), []);
  });

  for (const tty of [false, true]) {
    it(`ends the process and its children when the client has gone, ${tty ? 'with' : 'without'} a terminal`, async () => {
      const mark = `90${tty ? 1 : 0}${Date.now() % 100_000}`;
      const gone = new AbortController();
      const stdout = new Collector();
      const command = ['sh', '-c', `echo begun; sleep ${mark}; echo never`];
      const request = execRequest({ command, tty, stdout, stdin: new PassThrough() });
      const running = runtime.exec(sleeper, request, gone.signal);
      await stdout.until('begun');
      await waitFor('the child', async () => (await processesWith(mark)).length >= 2);
      gone.abort(new Error('gone'));
      await assert.rejects(running, /gone/);
      await nothingLeft(mark);
      assert.deepEqual(await pipes(), []);
    });
  }

  it('kills a process that ignores the hang-up', async () => {
    const mark = `902${Date.now() % 100_000}`;
    const gone = new AbortController();
    const stdout = new Collector();
    const command = ['sh', '-c', `trap '' HUP; echo begun; exec sleep ${mark}`];
    const running = runtime.exec(sleeper, execRequest({ command, stdout }), gone.signal);
    await stdout.until('begun');
    gone.abort(new Error('gone'));
    await assert.rejects(running, /gone/);
    await nothingLeft(mark);
  });

  it('ends a process whose reader has closed its stream', async () => {
    const mark = `903${Date.now() % 100_000}`;
    const stdout = new PassThrough();
    const command = ['sh', '-c', `while echo ${mark}; do sleep 0.05; done`];
    const running = runtime.exec(sleeper, execRequest({ command, stdout }), signal);
    await once(stdout, 'data');
    stdout.destroy();
    await assert.rejects(running, { reason: 'ServiceUnavailable' });
    await nothingLeft(mark);
  });

  it('slows a process down whose reader is slow, and loses nothing', async () => {
    let received = 0;
    let chunks = 0;
    const slow = new Writable({
      highWaterMark: 1,
      write: (chunk, _encoding, callback) => {
        received += chunk.length;
        chunks += 1;
        if (chunks % 50 === 0) setTimeout(callback, 10);
        else setImmediate(callback);
      },
    });
    const request = execRequest({ command: ['head', '-c', '20000000', '/dev/zero'], stdout: slow });
    assert.equal(await runtime.exec(sleeper, request, signal), 0);
    slow.end();
    await once(slow, 'finish');
    assert.equal(received, 20_000_000);
  });

  it('does not lose input that a slow process has not read when it ends', async () => {
    const stdout = new Collector();
    const stdin = inputOf(Buffer.alloc(1_000_000, 'x'));
    const request = execRequest({ command: ['sh', '-c', 'sleep 0.3; wc -c'], stdin, stdout });
    assert.equal(await runtime.exec(sleeper, request, signal), 0);
    assert.equal(stdout.text.trim(), '1000000');
  });

  it('presses ^D at the end of the input of a terminal', async () => {
    const stdout = new Collector();
    const request = execRequest({ command: ['cat'], tty: true, stdin: inputOf('hello\n'), stdout });
    assert.equal(await runtime.exec(sleeper, request, signal), 0);
    assert.match(stdout.text, /hello\r\nhello\r\n/);
  });

  it('runs the command as the container does: user, directory, environment', async () => {
    const { id } = await start({
      workingDir: '/tmp',
      env: [{ name: 'COLOUR', value: 'blue' }],
      security: { ...containerConfig().security, runAsUser: 1234, dropCapabilities: ['ALL'] },
    });
    const stdout = new Collector();
    const command = ['sh', '-c', 'id -u; pwd; echo $COLOUR; grep CapEff /proc/self/status'];
    assert.equal(await runtime.exec(id, execRequest({ command, stdout }), signal), 0);
    assert.equal(stdout.text, '1234\n/tmp\nblue\nCapEff:\t0000000000000000\n');
  });

  it('runs twenty commands at once in one pod without a stall', async () => {
    const began = performance.now();
    const codes = Array.from({ length: 20 }, (_, index) =>
      runtime.exec(sleeper, execRequest({ command: ['sh', '-c', `exit ${index}`] }), signal),
    );
    assert.deepEqual(
      await Promise.all(codes),
      Array.from({ length: 20 }, (_, index) => index),
    );
    // Unlimited they take 15 s and more (runtime-facts 3).
    assert.ok(performance.now() - began < 10_000);
  });

  it('ends what a crash has left behind, and nothing that is under way', async () => {
    const mark = `904${Date.now() % 100_000}`;
    const stdout = new Collector();
    const running = runtime.exec(
      sleeper,
      execRequest({ command: ['sh', '-c', `echo begun; exec sleep ${mark}`], stdout }),
      signal,
    );
    await stdout.until('begun');
    // As a new program would find it: the pipes in the directory, the process running.
    const { grpc, sweepOrphanExecs: sweepNow } = containerd.managed;
    assert.equal(await sweepNow(), 0);
    const own = { fifoDirectory: containerd.fifoDirectory, execPrefix: 'eliot-later-' };
    const deps = { grpc, clock: createSystemClock(), log: silentLogger, ...own };
    assert.equal(await sweepOrphanExecs(deps), 1);
    await nothingLeft(mark);
    assert.deepEqual(await pipes(), []);
    await running.catch(() => {});
    assert.equal(await sweepOrphanExecs(deps), 0);
  });

  it('gives a container with stdinOnce the end of its input, and the client the output after it', async () => {
    const { id } = await start({ command: ['sh', '-c', 'wc -c; sleep 0.2; echo after'], stdin: true, stdinOnce: true });
    const stdout = new Collector();
    await runtime.attach(id, execRequest({ stdin: inputOf(Buffer.alloc(300_000)), stdout }), signal);
    assert.equal(stdout.text, '300000\nafter\n');
  });

  it('hears what a container answers at once, and with its last breath', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await start({ command: ['sh', '-c', 'read a; echo $a'], stdin: true, stdinOnce: true });
      const stdout = new Collector();
      await runtime.attach(id, execRequest({ stdin: inputOf(Buffer.from('typed\n')), stdout }), signal);
      assert.equal(stdout.text, 'typed\n', `round ${round}`);
    }
  });

  it('hears stdout to its end, also when stderr has ended before', async () => {
    const { id } = await start({ command: ['sh', '-c', 'read a; exec 2>&-; sleep 0.2; echo $a'], stdin: true });
    const [stdout, stderr] = [new Collector(), new Collector()];
    const stdin = inputOf(Buffer.from('typed\n'));
    await runtime.attach(id, execRequest({ stdin, stdout, stderr }), signal);
    assert.equal(stdout.text, 'typed\n');
  });

  it('keeps the two outputs of a container apart, whose input stays open', async () => {
    const { id } = await start({ command: ['sh', '-c', 'read a; echo $a >&2; sleep 0.2; echo out'], stdin: true });
    const [stdout, stderr] = [new Collector(), new Collector()];
    await runtime.attach(id, execRequest({ stdin: inputOf(Buffer.from('typed\n')), stdout, stderr }), signal);
    assert.equal(stdout.text, 'out\n');
    assert.equal(stderr.text, 'typed\n');
  });

  it('joins a terminal with the size it is told', async () => {
    const { id } = await start({ command: ['sh'], stdin: true, tty: true });
    const stdout = new Collector();
    const stdin = new PassThrough();
    const resize = new PassThrough({ objectMode: true });
    const attached = runtime.attach(id, execRequest({ tty: true, stdin, stdout, resize }), signal);
    resize.write({ width: 101, height: 33 });
    while (!/33 101\r?\n/.test(stdout.text)) {
      const seen = stdout.bytes.length;
      stdin.write('stty size\n');
      await stdout.grown(seen);
    }
    stdin.write('exit\n');
    await attached;
  });

  it('reaches a server on 127.0.0.1 of a pod with a network of its own', async () => {
    const { id, sandbox } = await start({ command: ['httpd', '-f', '-p', '127.0.0.1:8080', '-h', '/etc'] });
    await waitFor('httpd', async () => {
      const { exitCode } = await runtime.execSync(id, ['wget', '-qO-', 'http://127.0.0.1:8080/hosts'], 5, signal);
      return exitCode === 0;
    });
    const connection = await runtime.portForward(sandbox, 8080, signal);
    connection.write('GET /hosts HTTP/1.0\r\n\r\n');
    const answer = Buffer.concat(await connection.toArray()).toString();
    assert.match(answer, /^HTTP\/1\.[01] 200 OK/);
    assert.match(answer, /localhost/);
  });

  it('closes a connection whose client has ended it and whose server stays silent', async () => {
    const { id, sandbox } = await start({ command: ['nc', '-ll', '-p', '9000', '-e', 'sleep', '60'] });
    await waitFor('nc', async () =>
      (await runtime.execSync(id, ['netstat', '-ltn'], 5, signal)).stdout.includes(':9000'),
    );
    const connection = await runtime.portForward(sandbox, 9000, signal);
    connection.resume();
    connection.end('anything');
    await once(connection, 'end');
  });

  it('closes a connection when its signal aborts', async () => {
    const { id, sandbox } = await start({ command: ['nc', '-ll', '-p', '9000', '-e', 'cat'] });
    await waitFor('nc', async () =>
      (await runtime.execSync(id, ['netstat', '-ltn'], 5, signal)).stdout.includes(':9000'),
    );
    const gone = new AbortController();
    const connection = await runtime.portForward(sandbox, 9000, gone.signal);
    connection.on('error', () => {});
    gone.abort();
    await once(connection, 'close');
  });
});
