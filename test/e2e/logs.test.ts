/** Logs on a real device: rotated by the real containerd while they are written and read, capped, and in memory. */
import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { shellPod, TestDevice } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

const maxSize = 16 * 1024;
const maxFiles = 3;

describe('logs of a device', { concurrency: 4 }, () => {
  let device: TestDevice;
  let directory: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'eliot-logs-'));
    const config = join(directory, 'eliotd.yaml');
    writeFileSync(config, `containerLogMaxSize: 16Ki\ncontainerLogMaxFiles: ${maxFiles}\npodLogRate: "0"\n`);
    device = await TestDevice.start({ args: ['--config', config] });
  });
  after(async () => {
    await device?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const withAnnotations = (pod: object, annotations: Record<string, string>): object => {
    const { metadata } = pod as { readonly metadata: object };
    return { ...pod, metadata: { ...metadata, annotations } };
  };

  /** Paths of the log files of a pod's only container, below `root`. */
  const logFiles = (pod: string, root = device.dataDir): string[] => {
    const logs = join(root, 'logs/pods');
    const own = readdirSync(logs).find((name) => name.startsWith(`default_${pod}_`)) ?? 'none';
    const container = join(logs, own, 'main');
    return readdirSync(container)
      .sort()
      .map((name) => join(container, name));
  };

  const bytesOfLogs = (pod: string): number => logFiles(pod).reduce((sum, path) => sum + lstatSync(path).size, 0);

  it('are rotated by size and count, and a follower misses and repeats no line', async () => {
    // About 60 bytes a line in the file, 50 lines every tenth of a second: a rotation every half second.
    const script =
      'echo ready; until [ -e /go ]; do sleep 0.1; done; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i of the log"; [ $((i % 50)) = 0 ] && sleep 0.1; done; sleep 1000';
    await device.create(shellPod('rotated', script));
    await device.waitForPhase('rotated', 'Running');
    const follower = device.kubectlBackground(['logs', '-f', 'rotated']);
    try {
      // What is removed before the follower has begun is nobody's loss.
      await waitFor('the first line', () => follower.stdout.includes('ready'));
      await device.kubectlOk(['exec', 'rotated', '--', 'touch', '/go']);
      await waitFor('the last line', () => follower.stdout.includes('line 3000 of'), {
        timeoutMs: 60_000,
        intervalMs: 200,
      });
      const numbers = [...follower.stdout.matchAll(/^line (\d+) of the log$/gm)].map(([, number]) => Number(number));
      assert.deepEqual(
        numbers,
        Array.from({ length: 3000 }, (_, index) => index + 1),
      );
    } finally {
      await follower.stop();
    }
    // A rotation that is due removes a file between two reads.
    await waitFor('the last rotation', () => {
      const files = logFiles('rotated');
      return (
        files.length === maxFiles && files.every((path) => !path.endsWith('.log') || lstatSync(path).size < maxSize)
      );
    });
    const bytes = bytesOfLogs('rotated');
    assert.ok(bytes < 4 * maxFiles * maxSize, `${bytes} bytes`);

    const kept = (await device.kubectlOk(['logs', 'rotated'])).stdout.trim().split('\n');
    assert.equal(kept.at(-1), 'line 3000 of the log');
    assert.ok(kept.length > 300 && kept.length < 3000, `${kept.length} lines are kept`);
    const tail = (await device.kubectlOk(['logs', 'rotated', '--tail=250'])).stdout.trim().split('\n');
    assert.deepEqual(tail, kept.slice(-250));
    const since = (await device.kubectlOk(['logs', 'rotated', '--since=1h'])).stdout.trim().split('\n');
    assert.deepEqual(since, kept);
    await device.kubectlOk(['delete', 'pod', 'rotated', '--now']);
  });

  it('of an earlier run are read over all their files', async () => {
    const script =
      '[ -e /data/again ] && exec sleep 1000; touch /data/again; i=0; while [ $i -lt 600 ]; do i=$((i+1)); echo "first run $i"; [ $((i % 100)) = 0 ] && sleep 0.3; done; sleep 2';
    const pod = shellPod('earlier', script, {
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [
        {
          name: 'main',
          image: 'eliot.test/busybox:1',
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', script],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
    });
    await device.create(pod);
    const previous = await waitFor(
      'the log of the run before',
      async () => {
        const { stdout } = await device.kubectlOk(['logs', 'earlier', '--previous']);
        return stdout.includes('first run 600') && stdout;
      },
      { timeoutMs: 60_000, intervalMs: 300 },
    );
    assert.ok(previous, 'it was read');
    const numbers = [...String(previous).matchAll(/^first run (\d+)$/gm)].map(([, number]) => Number(number));
    assert.ok(numbers.length > 300, `${numbers.length} lines`);
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, index) => 600 - numbers.length + 1 + index),
    );
    await device.kubectlOk(['delete', 'pod', 'earlier', '--now']);
    assert.deepEqual(
      readdirSync(join(device.dataDir, 'logs/pods')).filter((name) => name.startsWith('default_earlier_')),
      [],
    );
  });

  it('lie in memory when the pod asks for it, within their size', async () => {
    const pod = shellPod('in-memory', 'while true; do echo something for the log of this pod; sleep 0.01; done');
    await device.create(withAnnotations(pod, { 'eliot.run/log-storage': 'memory' }));
    await device.waitForPhase('in-memory', 'Running');
    await waitFor('its log', async () =>
      (await device.kubectlOk(['logs', 'in-memory', '--tail=1'])).stdout.includes('something'),
    );
    assert.equal(logFiles('in-memory', device.runDir).length, 1);
    assert.deepEqual(
      readdirSync(join(device.dataDir, 'logs/pods')).filter((name) => name.startsWith('default_in-memory_')),
      [],
    );
    await device.kubectlOk(['delete', 'pod', 'in-memory', '--now']);
    assert.deepEqual(
      readdirSync(join(device.runDir, 'logs/pods')).filter((name) => name.includes('in-memory')),
      [],
    );
  });

  it('of a pod that writes without end take no more of the disk than its rate, and say what is missing', async () => {
    // Quiet at the end: the line about what is missing would be rotated away at once by a pod that goes on.
    const pod = shellPod(
      'loud',
      'until [ -e /tmp/quiet ]; do echo "this pod has very much to say, and says it again and again"; done; sleep 1000',
    );
    await device.create(withAnnotations(pod, { 'eliot.run/log-rate': '64Ki' }));
    await device.waitForPhase('loud', 'Running');
    await waitFor(
      'an event about it',
      async () =>
        (await device.kubectlOk(['get', 'events', '-o', 'jsonpath={.items[*].reason}'])).stdout.includes(
          'LogRateExceeded',
        ),
      { timeoutMs: 30_000, intervalMs: 300 },
    );
    // What containerd had in its hands when the output was held is written a moment later on a busy machine.
    let kept = bytesOfLogs('loud');
    await waitFor(
      'no more for a second',
      () => {
        const before = kept;
        kept = bytesOfLogs('loud');
        return kept === before;
      },
      { intervalMs: 1_000 },
    );
    await device.kubectlOk(['exec', 'loud', '--', 'touch', '/tmp/quiet']);
    assert.ok(bytesOfLogs('loud') <= kept + 2 ** 20, `${bytesOfLogs('loud') - kept} bytes more while it is held`);
    await device.kubectlOk(['annotate', 'pod', 'loud', 'eliot.run/log-rate=100Mi', '--overwrite']);
    await waitFor(
      'the line about what is missing',
      async () => /eliot: output from .* is missing/.test((await device.kubectlOk(['logs', 'loud'])).stdout),
      { timeoutMs: 60_000, intervalMs: 500 },
    ).finally(() => device.kubectlOk(['delete', 'pod', 'loud', '--now']));
  });
});
