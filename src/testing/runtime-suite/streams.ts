import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { setTimeout as settle } from 'node:timers/promises';
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

  describe('the input of a container', () => {
    it('is read by it, and tells that nothing is left', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ command: ['cat'], stdin: true });
      const stdout = new Collector();
      const leave = new AbortController();
      const attached = runtime.attach(id, execRequest({ stdout }), leave.signal);
      const input = await runtime.openInput(id, signal);
      // Until the attach has joined.
      while (stdout.text === '') {
        assert.equal(input.write(Buffer.from('one\n')), true);
        await Promise.race([stdout.until('one\n'), settle(20)]);
      }
      while ((await input.countUnread(() => {})) !== 0) await settle(5);
      input.close();
      leave.abort();
      await attached.catch(() => {});
    });

    it('bears a mark until something is written, for the next who opens it too', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ command: ['sleep', '1000'], stdin: true });
      const input = await runtime.openInput(id, signal);
      input.mark(5);
      input.close();
      const again = await runtime.openInput(id, signal);
      assert.deepEqual([again.isMarked(5), again.isMarked(4)], [true, false]);
      again.write(Buffer.from('x'));
      assert.equal(again.isMarked(5), false);
      again.close();
    });

    it('is there with what nobody read when the container has ended', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ command: ['sleep', '1000'], stdin: true });
      const input = await runtime.openInput(id, signal);
      let written = 0;
      while (written < 40_000 && input.write(Buffer.alloc(4_000, 'x'))) written += 4_000;
      while ((await input.countUnread(() => {})) !== written) await settle(5);
      await runtime.stopContainer(id, 0, signal);
      const unread = await input.takeUnread();
      assert.deepEqual([unread.count, unread.wasFull], [40_000, false]);
      input.close();
    });

    it('is refused when it has none, or does not run', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container();
      await assert.rejects(runtime.openInput(id, signal), (error) => isStatusError(error, 'Invalid'));
      await runtime.stopContainer(id, 0, signal);
      await assert.rejects(runtime.openInput(id, signal), (error) => isStatusError(error, 'NotFound'));
    });
  });

  describe('a container that is held until somebody attaches', () => {
    const held = { stdin: true, stdinOnce: true, holdUntilAttached: true } as const;

    it('shows all that it prints to the first who comes, and ends with its own exit code', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ ...held, command: ['sh', '-c', 'echo first; exit 4'] });
      assert.equal((await runtime.containerStatus(id, signal)).state, 'Running');
      const stdout = new Collector();
      await runtime.attach(id, execRequest({ stdin: inputOf(''), stdout }), signal);
      assert.equal(stdout.text, 'first\n');
      assert.equal((await context.ended(id)).exitCode, 4);
    });

    it('gets all of its input, and none to an end that it did not have', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ ...held, command: ['cat'] });
      const stdout = new Collector();
      const input = randomBytes(300_000);
      await runtime.attach(id, execRequest({ stdin: inputOf(input), stdout }), signal);
      assert.ok(stdout.bytes.equals(input));
      assert.equal((await context.ended(id)).exitCode, 0);
    });

    it('runs what the image runs when it says nothing itself', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ ...held, command: [], args: ['echo', 'by', 'arguments'] });
      const stdout = new Collector();
      await runtime.attach(id, execRequest({ stdin: inputOf(''), stdout }), signal);
      assert.equal(stdout.text, 'by arguments\n');
    });

    it('ends when it is stopped before anybody came', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container({ ...held, command: ['sleep', '3600'] });
      const startedAt = performance.now();
      await runtime.stopContainer(id, 30, signal);
      assert.ok(performance.now() - startedAt < 20_000);
      assert.equal((await context.ended(id)).exitCode, 143);
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
