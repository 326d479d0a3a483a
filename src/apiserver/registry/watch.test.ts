import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { isStatusError } from '../../lib/status-error.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { Change } from '../../store/store.ts';
import {
  configMap,
  configMapKind,
  openRegistry,
  pod,
  podKind,
  type RegistryFixture,
  writeContext,
} from '../../testing/registry.ts';
import type { RegistryWatchEvent, WatchRequest } from './watch.ts';

const key = { namespace: 'default', name: 'a' };

describe('a watch', () => {
  let fixture: RegistryFixture;

  beforeEach(async () => {
    fixture = await openRegistry();
  });

  const create = (name: string, labels: Record<string, string> = {}) =>
    fixture.registry.create(configMapKind, 'default', configMap(name, {}, { labels }), writeContext());
  const label = (name: string, labels: Record<string, string | null>) =>
    fixture.registry.patch(
      configMapKind,
      { ...key, name },
      { type: 'merge', body: { metadata: { labels } } },
      writeContext(),
    );

  /** The first `count` events, as `TYPE name` or `BOOKMARK revision`. */
  async function collect(request: WatchRequest, count: number, act: () => Promise<unknown> = async () => {}) {
    const controller = new AbortController();
    const events = fixture.registry.watch(configMapKind, request, controller.signal)[Symbol.asyncIterator]();
    const first = events.next();
    await act();
    const seen: RegistryWatchEvent[] = [];
    for (let next = await first; !next.done; next = await events.next()) {
      seen.push(next.value);
      if (seen.length === count) break;
    }
    controller.abort();
    return seen;
  }
  const named = (events: readonly RegistryWatchEvent[]): string[] =>
    events.map((event) =>
      event.type === 'BOOKMARK'
        ? `BOOKMARK ${event.resourceVersion}${event.isInitialEnd ? ' end' : ''}`
        : `${event.type} ${event.object.metadata.name}`,
    );

  it('begins with everything there is, then tells every change in order', async () => {
    await create('a');
    const events = await collect({}, 4, async () => {
      await create('b');
      await label('a', { x: 'y' });
      await fixture.registry.delete(configMapKind, { ...key, name: 'b' });
    });
    assert.deepEqual(named(events), ['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b']);
  });

  it('resumes after a revision, skipping nothing', async () => {
    const made = await create('a');
    await create('b');
    await create('c');
    const events = await collect({ resourceVersion: made.metadata.resourceVersion ?? '' }, 2);
    assert.deepEqual(named(events), ['ADDED b', 'ADDED c']);
  });

  it('stamps a deletion with the revision at which it happened, so that a watch can resume after it', async () => {
    await create('a');
    const [, deleted] = await collect({}, 2, () => fixture.registry.delete(configMapKind, key));
    assert.ok(deleted && deleted.type === 'DELETED');
    assert.equal(deleted.object.metadata.resourceVersion, String(fixture.store.revision()));
  });

  it('tells of what begins to match as ADDED and of what no longer does as DELETED', async () => {
    await create('a', { app: 'web' });
    await create('b', { app: 'db' });
    const events = await collect({ labelSelector: 'app=web' }, 5, async () => {
      await label('b', { app: 'web' });
      await label('b', { more: 'x' });
      await label('a', { app: null });
      await label('a', { still: 'no' });
      await fixture.registry.delete(configMapKind, { ...key, name: 'b' });
    });
    assert.deepEqual(named(events), ['ADDED a', 'ADDED b', 'MODIFIED b', 'DELETED a', 'DELETED b']);
  });

  it('shows an object that no longer matches as it last matched', async () => {
    await create('a', { app: 'web' });
    const [, left] = await collect({ labelSelector: 'app=web' }, 2, () => label('a', { app: 'db' }));
    assert.ok(left && left.type === 'DELETED');
    assert.deepEqual(left.object.metadata.labels, { app: 'web' });
  });

  it('is of one object when its name is selected', async () => {
    await create('a');
    await create('ab');
    const request = { namespace: 'default', fieldSelector: 'metadata.name=a' };
    const events = await collect(request, 2, async () => {
      await label('ab', { x: 'y' });
      await label('a', { x: 'y' });
    });
    assert.deepEqual(named(events), ['ADDED a', 'MODIFIED a']);
  });

  it('ends the initial events with a bookmark when they were asked for', async () => {
    await create('a');
    const revision = fixture.store.revision();
    const request = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true };
    const events = await collect(request, 3, () => create('b'));
    assert.deepEqual(named(events).slice(0, 2), ['ADDED a', `BOOKMARK ${revision} end`]);
    assert.deepEqual(named(events).slice(2), ['ADDED b']);
  });

  it('sends no initial events when they were refused', async () => {
    await create('a');
    const request = { sendInitialEvents: false, resourceVersionMatch: 'NotOlderThan' };
    assert.deepEqual(named(await collect(request, 1, () => create('b'))), ['ADDED b']);
  });

  it('tells an idle watcher once a minute how far it is, when it wants to know', async () => {
    const controller = new AbortController();
    const request = { allowWatchBookmarks: true, resourceVersion: String(fixture.store.revision()) };
    const events = fixture.registry.watch(configMapKind, request, controller.signal)[Symbol.asyncIterator]();
    const first = events.next();
    // Others write: the bookmark after next covers that.
    await fixture.registry.create(podKind, 'default', pod('p'), writeContext());
    const revision = String(fixture.store.revision());
    await tick(fixture);
    assert.equal((await first).value?.type, 'BOOKMARK');
    const second = events.next();
    await tick(fixture);
    assert.deepEqual(named([(await second).value as RegistryWatchEvent]), [`BOOKMARK ${revision}`]);
    controller.abort();
    assert.equal((await events.next()).done, true);
    assert.equal(fixture.clock.sleeping, 0);
  });

  it('never lets a bookmark go back behind an event', async () => {
    const controller = new AbortController();
    const events = fixture.registry
      .watch(configMapKind, { allowWatchBookmarks: true }, controller.signal)
      [Symbol.asyncIterator]();
    const first = events.next();
    await create('a');
    const added = (await first).value as RegistryWatchEvent & { type: 'ADDED' };
    const second = events.next();
    await tick(fixture);
    const bookmark = (await second).value as RegistryWatchEvent & { type: 'BOOKMARK' };
    assert.equal(bookmark.resourceVersion, added.object.metadata.resourceVersion);
    controller.abort();
  });

  it('listens once for a change, however many minutes pass until it comes', async () => {
    let listeners = 0;
    const change = Promise.withResolvers<IteratorResult<Change>>();
    const listen = change.promise.then.bind(change.promise);
    Object.defineProperty(change.promise, 'then', {
      value: (...handlers: Parameters<typeof listen>) => {
        listeners += 1;
        return listen(...handlers);
      },
    });
    fixture.store.watch = () => ({ [Symbol.asyncIterator]: () => ({ next: () => change.promise }) });
    const events = fixture.registry
      .watch(configMapKind, { allowWatchBookmarks: true }, new AbortController().signal)
      [Symbol.asyncIterator]();
    for (let minute = 0; minute < 20; minute += 1) {
      const next = events.next();
      await tick(fixture);
      assert.equal((await next).value?.type, 'BOOKMARK');
    }
    assert.equal(listeners, 1);
  });

  it('is told to list again when its history is gone, or is of another store', async () => {
    const store = new MemoryStore({ startRevision: 100 });
    const { registry } = await openRegistry({ store });
    for (const resourceVersion of ['50', '5000']) {
      const events = registry.watch(configMapKind, { resourceVersion }, AbortSignal.timeout(1000));
      await assert.rejects(events[Symbol.asyncIterator]().next(), (error) => isStatusError(error, 'Expired'));
    }
  });

  it('ends when nobody wants it any more, leaving nothing behind', async () => {
    const controller = new AbortController();
    const events = fixture.registry.watch(configMapKind, {}, controller.signal)[Symbol.asyncIterator]();
    const next = events.next();
    controller.abort();
    assert.equal((await next).done, true);
  });

  for (const { request, message } of [
    {
      request: { resourceVersionMatch: 'NotOlderThan' },
      message: 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    },
    {
      request: { sendInitialEvents: true },
      message: 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    },
  ]) {
    it(`refuses ${JSON.stringify(request)}`, () => {
      assert.throws(
        () => fixture.registry.watch(configMapKind, request, AbortSignal.timeout(1000)),
        (error) => isStatusError(error, 'Invalid') && error.message.endsWith(`Forbidden: ${message}`),
      );
    });
  }
});

/** Waits until the watch sleeps, then lets its minute pass. */
async function tick({ clock }: RegistryFixture): Promise<void> {
  while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(60_000);
}
