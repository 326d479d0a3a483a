/** Termination messages (conformance area "Termination messages and lifecycle hooks"), reasons and exit codes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Pod } from '../../../src/api/kinds/pod/types.ts';
import { pods } from '../../../src/api/resources.ts';
import { ScenarioDevice } from '../../support/scenario-device.ts';
import { waitFor } from '../../support/wait.ts';

describe('the end of a container', () => {
  let on: ScenarioDevice;
  before(async () => {
    on = await ScenarioDevice.start();
  });
  after(() => on?.close());

  const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' };
  const endOf = (pod: Pod) => {
    const terminated = pod.status.containerStatuses?.[0]?.state?.terminated;
    assert.ok(terminated, 'the container has ended');
    return terminated;
  };
  const ended = async (line: string, container: object = {}) =>
    endOf((await on.run({ line, container: { ...container } })).pod);

  describe('of many', { concurrency: 4 }, () => {
    it('termination/file-on-success: the message is the file’s text', async () => {
      const { message, exitCode } = await ended('echo log; printf OK > /dev/termination-log', fallback);
      assert.deepEqual([message, exitCode], ['OK', 0]);
    });

    it('termination/empty-on-success: a log is no message of one that succeeded', async () => {
      assert.equal((await ended('echo DONE', fallback)).message, undefined);
    });

    it('termination/logs-on-error: the end of the log is the message of one that failed', async () => {
      const { message, exitCode } = await ended('printf DONE; exit 1', fallback);
      assert.deepEqual([message, exitCode], ['DONE', 1]);
    });

    it('termination/non-root-custom-path: a user writes it where the spec says', async () => {
      const { message } = await ended('printf DONE > /dev/termination-custom-log', {
        terminationMessagePath: '/dev/termination-custom-log',
        securityContext: { runAsUser: 1000 },
      });
      assert.equal(message, 'DONE');
    });

    it('has no message of the log under policy File', async () => {
      assert.equal((await ended('echo DONE; exit 1')).message, undefined);
    });

    it('has 2048 bytes and 80 lines of the log at most, and 4096 bytes of the file', async () => {
      const lines = await ended('seq 1 200; exit 1', fallback);
      assert.equal(lines.message, Array.from({ length: 80 }, (_, index) => `${index + 121}\n`).join(''));
      const wide = await ended('head -c 9000 /dev/zero | tr "\\0" x; exit 1', fallback);
      assert.equal(wide.message, 'x'.repeat(2_048));
      const file = await ended('head -c 9000 /dev/zero | tr "\\0" y > /dev/termination-log');
      assert.equal(file.message, 'y'.repeat(4_096));
    });

    for (const [what, line, exitCode, reason] of [
      ['that killed itself', 'kill -9 $$$$', 137, 'Error'],
      ['that was told to end by itself', 'kill -TERM $$$$; sleep 9', 143, 'Error'],
      ['that fails', 'exit 3', 3, 'Error'],
      ['that succeeds', 'exit 0', 0, 'Completed'],
    ] as const) {
      it(`has code ${exitCode} and reason ${reason} of one ${what}`, async () => {
        // Not as PID 1, which no signal of its own ends. (Two dollars are one in a command of Kubernetes.)
        const terminated = await ended(`sh -c '${line}'; exit $?`);
        assert.deepEqual([terminated.exitCode, terminated.reason], [exitCode, reason]);
        assert.match(terminated.containerID ?? '', /^containerd:\/\//);
      });
    }

    it('is OOMKilled with 137 when its memory was not enough', async () => {
      const resources = { limits: { memory: '16Mi' } };
      const name = await on.create({ line: 'exec tail /dev/zero', container: { resources } });
      // The runtime tells of the end and of its cause by two events, in either order, as in a cluster.
      const pod = await on.until(name, 'its cause', ({ status }) => {
        return status.containerStatuses?.[0]?.state?.terminated?.reason === 'OOMKilled';
      });
      assert.equal(endOf(pod).exitCode, 137);
      await on.delete(name);
    });

    it('is StartError with 128 when its program is not there, and says which', async () => {
      const { pod } = await on.run({ container: { command: ['/nope'] } });
      const { exitCode, reason, message, startedAt } = endOf(pod);
      assert.deepEqual([exitCode, reason], [128, 'StartError']);
      assert.match(message ?? '', /exec: "\/nope": stat \/nope: no such file or directory/);
      assert.ok(startedAt !== undefined);
    });

    it('is 137 when it ignores the stop signal, 143 when it ends by it', async () => {
      const spec = { terminationGracePeriodSeconds: 2 };
      const deaf = await on.running({ line: "trap '' TERM; while :; do sleep 0.1; done", spec });
      const quick = await on.running({ line: "trap 'exit 143' TERM; while :; do sleep 0.1; done", spec });
      const seen: number[] = [];
      for (const name of [deaf, quick]) {
        await on.patch(pods, name, { spec: { activeDeadlineSeconds: 1 } });
        const pod = await on.until(name, 'Failed', ({ status }) => status.phase === 'Failed');
        seen.push(endOf(pod).exitCode);
      }
      assert.deepEqual(seen, [137, 143]);
    });
  });

  it('is remembered as lastState over restarts of the container and of eliotd', async () => {
    const name = await on.create({
      line: 'n=$(cat /count/n 2>/dev/null || echo 0); echo $((n+1)) > /count/n; test $n -ge 1 && exec sleep 3600; printf bye > /dev/termination-log; exit 5',
      volumes: { count: { emptyDir: {} } },
      spec: { restartPolicy: 'Always' },
    });
    const lastEnd = (pod: Pod) => pod.status.containerStatuses?.[0]?.lastState?.terminated;
    const before = await on.until(name, 'restarted', (pod) => lastEnd(pod) !== undefined);
    assert.deepEqual([lastEnd(before)?.exitCode, lastEnd(before)?.message], [5, 'bye']);
    await on.device.restartDaemon('SIGKILL');
    const after = await waitFor('the pod', () => on.pod(name));
    assert.deepEqual(lastEnd(after), lastEnd(before));
    assert.equal(after.status.containerStatuses?.[0]?.restartCount, 1);
  });
});
