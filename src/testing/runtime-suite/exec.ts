import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { Collector, execRequest, inputOf } from '../runtime-fixtures.ts';
import type { SuiteContext } from '../runtime-suite.ts';

const fiveMegabytes = 5 * 1024 * 1024;

/** Commands in a running container: exec and execSync. */
export function describeExec(context: SuiteContext): void {
  describe('execSync', () => {
    it('gives both outputs and the exit code', async () => {
      const { id } = await context.container();
      const command = ['sh', '-c', 'echo out; echo err >&2; exit 5'];
      const result = await context.runtime.execSync(id, command, 10, context.signal);
      assert.deepEqual([String(result.stdout), String(result.stderr), result.exitCode], ['out\n', 'err\n', 5]);
    });

    it('ends a command that takes too long with Timeout', async () => {
      const { id } = await context.container();
      await assert.rejects(context.runtime.execSync(id, ['sleep', '600'], 1, context.signal), (error) =>
        isStatusError(error, 'Timeout'),
      );
    });

    it('fails for a command that is not in the image', async () => {
      const { id } = await context.container();
      await assert.rejects(
        context.runtime.execSync(id, ['/nope'], 10, context.signal),
        (error) => isStatusError(error, 'Invalid') && error.message.includes('stat /nope: no such file'),
      );
    });
  });

  describe('exec', () => {
    for (const exitCode of [0, 1, 3, 255]) {
      it(`passes exit code ${exitCode} on`, async () => {
        const { id } = await context.container();
        const request = execRequest({ command: ['sh', '-c', `exit ${exitCode}`] });
        assert.equal(await context.runtime.exec(id, request, context.signal), exitCode);
      });
    }

    it('keeps stdout and stderr apart, has written all of both when it resolves, and leaves them open', async () => {
      const { id } = await context.container();
      const stdout = new Collector();
      const stderr = new Collector();
      const request = execRequest({ command: ['sh', '-c', 'echo out; echo err >&2'], stdout, stderr });
      assert.equal(await context.runtime.exec(id, request, context.signal), 0);
      assert.deepEqual([stdout.text, stderr.text], ['out\n', 'err\n']);
      assert.deepEqual([stdout.writableEnded, stderr.writableEnded], [false, false]);
    });

    it('gives the process the end of its stdin', async () => {
      const { id } = await context.container();
      const stdout = new Collector();
      const request = execRequest({ command: ['cat'], stdin: inputOf('hello'), stdout });
      assert.equal(await context.runtime.exec(id, request, context.signal), 0);
      assert.equal(stdout.text, 'hello');
    });

    it('gives the process an empty stdin when none was asked for', async () => {
      const { id } = await context.container();
      assert.equal(await context.runtime.exec(id, execRequest({ command: ['cat'] }), context.signal), 0);
    });

    it('does not wait for a stdin that nobody ends', async () => {
      const { id } = await context.container();
      const stdin = new PassThrough();
      assert.equal(await context.runtime.exec(id, execRequest({ stdin }), context.signal), 0);
    });

    it('carries 5 MB in and out unchanged', async () => {
      const { id } = await context.container();
      const sent = randomBytes(fiveMegabytes);
      const stdout = new Collector();
      const request = execRequest({ command: ['cat'], stdin: inputOf(sent), stdout });
      assert.equal(await context.runtime.exec(id, request, context.signal), 0);
      assert.equal(digest(stdout.bytes), digest(sent));
    });

    it('carries 5 MB out', async () => {
      const { id } = await context.container();
      const stdout = new Collector();
      const request = execRequest({ command: ['head', '-c', String(fiveMegabytes), '/dev/zero'], stdout });
      assert.equal(await context.runtime.exec(id, request, context.signal), 0);
      assert.equal(stdout.bytes.length, fiveMegabytes);
    });

    it('gives a terminal the size it is told', async () => {
      const { id } = await context.container();
      const stdout = new Collector();
      const stdin = new PassThrough();
      const resize = new PassThrough({ objectMode: true });
      const request = execRequest({ command: ['sh'], tty: true, stdin, stdout, resize });
      const running = context.runtime.exec(id, request, context.signal);
      resize.write({ width: 101, height: 33 });
      // The size is applied beside the input: ask until the shell has seen it.
      while (!/33 101\r?\n/.test(stdout.text)) {
        const seen = stdout.bytes.length;
        stdin.write('stty size\n');
        await stdout.grown(seen);
      }
      stdin.write('exit 4\n');
      assert.equal(await running, 4);
    });

    it('fails for a command that is not in the image, in the words of the OCI runtime', async () => {
      const { id } = await context.container();
      await assert.rejects(
        context.runtime.exec(id, execRequest({ command: ['/nope'] }), context.signal),
        (error) =>
          isStatusError(error, 'InternalError') &&
          error.message.includes('exec: "/nope": stat /nope: no such file or directory'),
      );
    });

    it('ends the process and rejects with the reason when its signal aborts', async () => {
      const { id } = await context.container();
      const abort = new AbortController();
      const stdout = new Collector();
      const request = execRequest({ command: ['sh', '-c', 'echo begun; sleep 3600'], stdout });
      const running = context.runtime.exec(id, request, AbortSignal.any([abort.signal, context.signal]));
      await stdout.until('begun');
      const reason = new Error('the client has gone');
      abort.abort(reason);
      await assert.rejects(running, reason);
    });

    it('ends when its container ends', async () => {
      const { id } = await context.container();
      const stdout = new Collector();
      const request = execRequest({ command: ['sh', '-c', 'echo begun; sleep 3600'], stdout });
      const running = context.runtime.exec(id, request, context.signal);
      await stdout.until('begun');
      await context.runtime.stopContainer(id, 0, context.signal);
      assert.equal(await running, 137);
    });

    it('refuses a container that has ended', async () => {
      const { id } = await context.container({ command: ['true'] });
      await context.ended(id);
      await assert.rejects(context.runtime.exec(id, execRequest(), context.signal), (error) => isStatusError(error));
    });
  });
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
