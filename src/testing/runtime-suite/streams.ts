import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { Collector, execRequest, inputOf } from '../runtime-fixtures.ts';
import type { SuiteContext } from '../runtime-suite.ts';

/** Attach and port-forward. */
export function describeStreams(context: SuiteContext): void {
  describe('attach', () => {
    it('joins the streams of a container until it ends', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ command: ['sh', '-c', 'cat; exit 0'], stdin: true, stdinOnce: true });
      const stdout = new Collector();
      const stdin = new PassThrough();
      const attached = runtime.attach(id, execRequest({ stdin, stdout }), signal);
      stdin.write('hello\n');
      await stdout.until('hello\n');
      stdin.end();
      await attached;
      assert.equal((await context.ended(id)).exitCode, 0);
    });

    it('lets several clients see the same, and the container go on when they leave', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ command: ['cat'], stdin: true });
      const [first, second] = [new Collector(), new Collector()];
      const [leaveFirst, leaveSecond] = [new AbortController(), new AbortController()];
      const stdin = new PassThrough();
      const attachedFirst = runtime.attach(id, execRequest({ stdin, stdout: first }), leaveFirst.signal);
      const attachedSecond = runtime.attach(id, execRequest({ stdout: second }), leaveSecond.signal);
      // Nothing is replayed: repeat until both have joined.
      while (!first.text.includes('hello') || !second.text.includes('hello')) {
        const seen = first.bytes.length;
        stdin.write('hello\n');
        await first.grown(seen);
      }
      const reason = new Error('the client has gone');
      leaveFirst.abort(reason);
      leaveSecond.abort(reason);
      await assert.rejects(attachedFirst, reason);
      await assert.rejects(attachedSecond, reason);
      assert.equal((await runtime.containerStatus(id, signal)).state, 'Running');
    });

    it('refuses stdin for a container that has none', async () => {
      const { id } = await context.container();
      await assert.rejects(context.runtime.attach(id, execRequest({ stdin: inputOf('x') }), context.signal), (error) =>
        isStatusError(error, 'Invalid'),
      );
    });
  });

  describe('portForward', () => {
    it('carries bytes both ways unchanged', async () => {
      const port = context.freePort();
      const { id, sandbox } = await context.container({ command: ['nc', '-ll', '-p', String(port), '-e', 'cat'] });
      const connection = await context.connect(id, sandbox, port);
      const sent = randomBytes(5 * 1024 * 1024);
      connection.write(sent);
      const received: Buffer[] = [];
      let receivedBytes = 0;
      for await (const chunk of connection) {
        received.push(chunk);
        receivedBytes += chunk.length;
        if (receivedBytes >= sent.length) break;
      }
      assert.ok(Buffer.concat(received).equals(sent));
    });

    it('says ServiceUnavailable of a port where nobody listens, at once or as the failure of the stream', async () => {
      const { sandbox } = await context.container();
      const read = async (): Promise<void> => {
        const connection = await context.runtime.portForward(sandbox, context.freePort(), context.signal);
        for await (const _chunk of connection);
      };
      await assert.rejects(read(), (error) => isStatusError(error, 'ServiceUnavailable'));
    });
  });
}
