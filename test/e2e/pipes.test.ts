/** Pipes between real containers, with everything killed that takes part in them. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { memoryOf, writtenBytes } from '../../bench/memory.ts';
import { TestDevice, testImage } from '../support/device.ts';
import { findProcesses, kill9 } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';

describe('a pipe', () => {
  let device: TestDevice;

  before(async () => {
    const config = 'podLogRate: "0"\ncontainerLogMaxSize: 1Mi\ncontainerLogMaxFiles: 5\n';
    device = await TestDevice.start({ runOnTmpfs: true, config });
  });
  after(async () => {
    await device?.close();
  });

  /** A pod whose container `source` is piped into `target`; both have the volume /data. */
  const pipedPod = (name: string, source: string, target: string, annotations = {}): object => {
    const container = (of: string, line: string): object => ({
      name: of,
      image: testImage,
      imagePullPolicy: 'IfNotPresent',
      // The name of the pod makes its processes findable.
      command: ['sh', '-c', line, `${of}-of-${name}`],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    });
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, annotations: { 'eliot.run/pipe.source': 'target', ...annotations } },
      spec: {
        terminationGracePeriodSeconds: 1,
        volumes: [{ name: 'data', emptyDir: {} }],
        containers: [container('source', source), container('target', target)],
      },
    };
  };
  const fileIn = async (pod: string, file: string): Promise<Buffer> => {
    const { stdout } = await device.kubectlOk(['get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}']);
    const [path] = globSync(`{${device.dataDir},${device.runDir}}/pods/${stdout}/**/${file}`);
    return path === undefined ? Buffer.alloc(0) : readFileSync(path);
  };
  const numbersIn = async (pod: string): Promise<number[]> =>
    (await fileIn(pod, 'heard')).toString().split('\n').slice(0, -1).map(Number);
  const killProcess = (what: string): void => {
    const [process] = findProcesses((args) => args.at(-1) === what);
    kill9(process?.pid ?? assert.fail(`${what} does not run`));
  };
  const killContainerd = (): void => {
    const [containerd] = findProcesses(
      ([program = '', ...args]) => program.endsWith('containerd') && args.some((arg) => arg.includes(device.runDir)),
    );
    kill9(containerd?.pid ?? assert.fail('containerd does not run'));
  };
  /** Reads byte by byte, as `read` does, so that what it read and did not say is one line at most. A SIGTERM loses none. */
  const lineReader =
    'trap "stop=1" TERM; exec >>/data/heard; while [ -z "$stop" ] && read -r line; do echo "$line"; done; exit 1';
  /** Lines from $1 to $2, in batches. */
  const counter =
    'say() { i=$1; while [ $i -le $2 ]; do echo $i; [ $((i % 1000)) = 0 ] && sleep 0.1; i=$((i + 1)); done; }';
  const restarts = (pod: string, container: string): Promise<string> =>
    device
      .kubectlOk([
        'get',
        'pod',
        pod,
        '-o',
        `jsonpath={.status.containerStatuses[?(@.name=="${container}")].restartCount}`,
      ])
      .then(({ stdout }) => stdout);

  it('leads 100,000 lines through, each once, while both ends and eliotd are killed', async () => {
    const source = `${counter}; if [ -e /data/again ]; then say 50001 100000; exec sleep 1000; fi; touch /data/again; say 1 50000`;
    await device.create(pipedPod('lines', source, lineReader));
    await device.waitForPhase('lines', 'Running');
    const heard = async (count: number): Promise<unknown> =>
      waitFor(`${count} lines`, async () => (await numbersIn('lines')).length >= count, { timeoutMs: 60_000 });

    await heard(2_000);
    await device.restartDaemon('SIGKILL');
    await heard(12_000);
    // Its lines wait until it is there again.
    killProcess('target-of-lines');
    // Its next run hears some: eliotd has seen the end of the first before it is killed itself.
    await heard((await numbersIn('lines')).length + 2_000);
    await heard(20_000);
    await device.restartDaemon('SIGKILL');
    await heard(40_000);
    await device.restartDaemon('SIGKILL');
    await heard(60_000);
    const [target] = findProcesses((args) => args.at(-1) === 'target-of-lines');
    process.kill(target?.pid ?? assert.fail('no target'), 'SIGTERM');
    await waitFor('the last line', async () => (await numbersIn('lines')).at(-1) === 100_000, { timeoutMs: 60_000 });

    const numbers = await numbersIn('lines');
    const steps = numbers.flatMap((number, index) => {
      const before = numbers[index - 1] ?? 0;
      return number === before + 1 ? [] : [`${before} to ${number}`];
    });
    // One target was killed between hearing a line and saying it, at worst.
    assert.ok(steps.length <= 1 && numbers.length >= 99_999 && numbers.length <= 100_000, `not in order: ${steps}`);
    assert.deepEqual([await restarts('lines', 'source'), await restarts('lines', 'target')], ['1', '2']);
  });

  it('goes on when containerd was killed', async () => {
    const source = `${counter}; say 1 1500; until [ -e /data/go ]; do sleep 0.1; done; say 1501 3000; exec sleep 1000`;
    await device.create(pipedPod('runtime', source, lineReader));
    await waitFor('the first half', async () => (await numbersIn('runtime')).at(-1) === 1_500);
    killContainerd();
    await waitFor('containerd to answer again', async () => {
      const { exitCode } = await device.kubectl(['exec', 'runtime', '-c', 'source', '--', 'touch', '/data/go']);
      return exitCode === 0;
    });
    await waitFor('the second half', async () => (await numbersIn('runtime')).at(-1) === 3_000);
    assert.deepEqual(
      await numbersIn('runtime'),
      Array.from({ length: 3_000 }, (_, index) => index + 1),
    );
  });

  it('repeats some lines, and loses none, when the target ends while eliotd is away', async () => {
    const source = `${counter}; sleep 1; say 1 30000; exec sleep 1000`;
    await device.create(pipedPod('away', source, lineReader));
    await waitFor('many lines', async () => (await numbersIn('away')).length >= 5_000, { timeoutMs: 60_000 });
    await device.stopDaemon('SIGKILL');
    killProcess('target-of-away');
    await device.startDaemon();
    await waitFor('the last line', async () => (await numbersIn('away')).at(-1) === 30_000, { timeoutMs: 60_000 });
    const numbers = await numbersIn('away');
    assert.deepEqual(
      [...new Set(numbers)].sort((a, b) => a - b),
      Array.from({ length: 30_000 }, (_, index) => index + 1),
    );
    assert.ok((numbers.length - 30_000) * 6 <= 163_840 + 4_096, `${numbers.length - 30_000} lines came again`);
  });

  it('carries any bytes as they are, in lines of any length, but for a CR before an LF', async () => {
    const source =
      '[ -e /data/sent ] || { head -c 1000000 /dev/urandom; head -c 300000 /dev/zero; printf "cr\\r\\nend\\n"; } >/data/sent; cat /data/sent; exec sleep 1000';
    await device.create(pipedPod('bytes', source, 'exec cat >/data/got'));
    await waitFor('all bytes', async () => (await fileIn('bytes', 'got')).subarray(-7).toString() === 'cr\nend\n', {
      timeoutMs: 60_000,
    });
    const sent = (await fileIn('bytes', 'sent')).toString('latin1').replaceAll('\r\n', '\n');
    assert.ok(sent === (await fileIn('bytes', 'got')).toString('latin1'));
    await device.kubectlOk(['delete', 'pod', 'bytes', '--now']);
  });

  it('waits for a slow target, with little in memory, and tells what its log could not hold', async () => {
    const before = memoryOf([device.pid]).anonymousMb;
    const line = '0123456789012345678901234567890123456789012345678901234567890123456789';
    const source = `i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo $i ${line}; [ $((i % 3000)) = 0 ] && sleep 0.3; done; exec sleep 1000`;
    const slow =
      'n=0; while read -r i rest; do n=$((n+1)); echo $i; [ $n -le 20 ] && sleep 0.2; [ $n -gt 20 ] && sleep 1000; done';
    // In memory its log holds a megabyte.
    await device.create(pipedPod('slow', source, slow, { 'eliot.run/log-storage': 'memory' }));
    await waitFor('the event', async () => {
      const { stdout } = await device.kubectlOk(['get', 'events', '--field-selector=involvedObject.name=slow']);
      return /PipeLost.*bytes of log of container source were removed before container target had read them/.test(
        stdout,
      );
    });
    const { stdout } = await device.kubectlOk(['logs', 'slow', '-c', 'target']);
    assert.deepEqual(
      stdout.trim().split('\n').map(Number),
      Array.from({ length: stdout.trim().split('\n').length }, (_, index) => index + 1),
    );
    const grown = memoryOf([device.pid]).anonymousMb - before;
    assert.ok(grown < 15, `${grown} MB more memory`);
    await device.kubectlOk(['delete', 'pod', 'slow', '--now']);
  });

  it('is refused when it leads nowhere', async () => {
    const wrong = pipedPod('wrong', 'true', 'true', { 'eliot.run/pipe.target': 'nobody' });
    const { exitCode, stderr } = await device.kubectl(['create', '-f', '-'], { input: JSON.stringify(wrong) });
    assert.equal(exitCode, 1);
    assert.match(stderr, /metadata\.annotations\[eliot\.run\/pipe\.target\]: Not found: "nobody"/);
  });
});

describe('pipes at rest', () => {
  it('write nothing to disk, and were kept where they were', async () => {
    const device = await TestDevice.start({ runOnTmpfs: true });
    try {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'rest', annotations: { 'eliot.run/pipe.source': 'target' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: ['source', 'target'].map((name) => ({
            name,
            image: testImage,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', name === 'source' ? 'echo hello; exec sleep 1000' : 'exec cat'],
          })),
        },
      };
      await device.create(pod);
      await waitFor('the line', async () =>
        (await device.kubectlOk(['logs', 'rest', '-c', 'target'])).stdout.includes('hello'),
      );
      await delay(500);
      // A planned stop keeps at once what else is kept within a minute.
      await device.restartDaemon('SIGTERM');
      const kept = readFileSync(`${device.dataDir}/pipes.json`, 'utf8');
      assert.match(
        kept,
        /\/source":\{"run":"[^"]*\/source\/0\.log","inode":\d+,"offset":\d\d,"skip":0,"isMidLine":false\}/,
      );
      await delay(4_000);
      const before = writtenBytes([device.pid]);
      await delay(3_000);
      assert.equal(writtenBytes([device.pid]) - before, 0);
      assert.equal((await device.kubectlOk(['logs', 'rest', '-c', 'target'])).stdout, 'hello\n');
    } finally {
      await device.close();
    }
  });
});
