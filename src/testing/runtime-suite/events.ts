import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RuntimeEvent } from '../../runtime/runtime.ts';
import type { SuiteContext } from '../runtime-suite.ts';

/** The event stream. */
export function describeEvents(context: SuiteContext): void {
  describe('events', () => {
    it("begins with 'lost', so that its reader looks at everything first", async () => {
      const stop = new AbortController();
      for await (const event of context.runtime.events(stop.signal)) {
        assert.deepEqual(event, { type: 'lost' });
        break;
      }
      stop.abort();
    });

    it('tells of a start, an end and a removal', async () => {
      const { runtime, signal } = context;
      const stop = new AbortController();
      const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
      assert.deepEqual((await events.next()).value, { type: 'lost' });
      const { id } = await context.container();
      await until(events, { type: 'started', containerId: id });
      await runtime.stopContainer(id, 0, signal);
      await until(events, { type: 'exited', containerId: id, exitCode: 137 });
      await runtime.removeContainer(id, signal);
      await until(events, { type: 'deleted', containerId: id });
      stop.abort();
    });

    it('does not take the end of a command for the end of its container', async () => {
      const { runtime, signal } = context;
      const { id } = await context.container();
      const stop = new AbortController();
      const events = runtime.events(stop.signal)[Symbol.asyncIterator]();
      await events.next();
      await runtime.execSync(id, ['true'], 10, signal);
      await runtime.removeContainer(id, signal);
      const seen: string[] = [];
      for (let { value } = await events.next(); ; { value } = await events.next()) {
        if (value.type === 'lost' || value.containerId !== id) continue;
        seen.push(value.type);
        if (value.type === 'deleted') break;
      }
      assert.equal(seen.filter((type) => type === 'exited').length, 1);
      stop.abort();
    });

    it('ends when its signal aborts', async () => {
      const stop = new AbortController();
      const events = context.runtime.events(stop.signal)[Symbol.asyncIterator]();
      await events.next();
      const next = events.next();
      stop.abort();
      assert.equal((await next).done, true);
    });
  });
}

async function until(events: AsyncIterator<RuntimeEvent>, wanted: RuntimeEvent): Promise<void> {
  for (;;) {
    const { value, done } = await events.next();
    assert.equal(done ?? false, false, `the stream ended before ${JSON.stringify(wanted)}`);
    if (JSON.stringify(value) === JSON.stringify(wanted)) return;
  }
}
