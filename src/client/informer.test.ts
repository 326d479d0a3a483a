import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeList, KubeObject } from '../api/meta.ts';
import type { ListOptions, ObjectClient, WatchEvent, WatchOptions } from '../api/object-client.ts';
import { pods } from '../api/resources.ts';
import { silentLogger } from '../lib/logger.ts';
import { StatusError } from '../lib/status-error.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { type Change, Informer } from './informer.ts';

function pod(name: string, revision: number, uid = `uid-${name}`): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid, resourceVersion: String(revision) },
  };
}

function listOf(revision: number, ...items: KubeObject[]): KubeList {
  return { apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion: String(revision) }, items };
}

type Step = { list: KubeList | Error } | { watch: readonly WatchEvent[]; end?: Error | 'hang' };

/** A server that answers the next list or watch with the next step of a script, and remembers what it was asked. */
class ScriptedServer {
  readonly asked: string[] = [];
  readonly #steps: Step[];
  readonly #ended = Promise.withResolvers<void>();

  constructor(...steps: Step[]) {
    this.#steps = steps;
  }

  /** Resolves when the script has been played. */
  get played(): Promise<void> {
    return this.#ended.promise;
  }

  get client(): ObjectClient {
    const partial: Partial<ObjectClient> = {
      list: async <T>(_resource: unknown, options?: ListOptions) => {
        this.asked.push(`list${options?.continue ? ` continue=${options.continue}` : ''}`);
        const step = this.#next();
        if (!('list' in step)) throw new Error('the script expects a watch');
        if (step.list instanceof Error) throw step.list;
        return step.list as KubeList<T>;
      },
      watch: <T>(_resource: unknown, options: WatchOptions, signal: AbortSignal) => {
        this.asked.push(`watch from ${options.resourceVersion}`);
        const step = this.#next();
        if (!('watch' in step)) throw new Error('the script expects a list');
        return this.#play(step, signal) as AsyncIterable<WatchEvent<T>>;
      },
    };
    return partial as ObjectClient;
  }

  #next(): Step {
    return this.#steps.shift() ?? { watch: [], end: 'hang' };
  }

  async *#play(step: Extract<Step, { watch: unknown }>, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    yield* step.watch;
    if (step.end instanceof Error) throw step.end;
    if (step.end !== 'hang') return;
    if (this.#steps.length === 0) this.#ended.resolve();
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
}

interface Follow {
  readonly server: ScriptedServer;
  readonly informer: Informer<KubeObject>;
  readonly seen: string[];
  readonly clock: FakeClock;
  /** Plays the script to its end, waking every back-off, then stops. */
  finish(): Promise<void>;
}

function follow(...steps: Step[]): Follow {
  const server = new ScriptedServer(...steps);
  const clock = new FakeClock();
  const informer = new Informer<KubeObject>({ client: server.client, resource: pods, clock, log: silentLogger });
  const seen: string[] = [];
  informer.onChange((change) => seen.push(describeChange(change)));
  return {
    server,
    informer,
    seen,
    clock,
    finish: async () => {
      const stop = new AbortController();
      const running = informer.run(stop.signal);
      let done = false;
      server.played.then(() => {
        done = true;
      });
      while (!done) {
        await new Promise((resolve) => setImmediate(resolve));
        if (clock.sleeping > 0) clock.advance(60_000);
      }
      stop.abort();
      await running;
    },
  };
}

function describeChange(change: Change<KubeObject>): string {
  return `${change.type} ${change.object.metadata.name}@${change.object.metadata.resourceVersion}`;
}

describe('Informer', () => {
  it('delivers what is listed as added, then what the watch says', async () => {
    const { finish, seen, informer } = follow(
      { list: listOf(5, pod('a', 3), pod('b', 5)) },
      {
        watch: [
          { type: 'MODIFIED', object: pod('a', 6) },
          { type: 'ADDED', object: pod('c', 7) },
          { type: 'DELETED', object: pod('b', 8) },
        ],
        end: 'hang',
      },
    );
    await finish();
    assert.deepEqual(seen, ['added a@3', 'added b@5', 'modified a@6', 'added c@7', 'deleted b@8']);
    assert.equal(informer.get({ namespace: 'default', name: 'a' })?.metadata.resourceVersion, '6');
    assert.deepEqual(
      informer.list().map((object) => object.metadata.name),
      ['a', 'c'],
    );
  });

  it('resumes a watch that the server closed after the last event, without a new list', async () => {
    const { finish, server } = follow(
      { list: listOf(5) },
      { watch: [{ type: 'ADDED', object: pod('a', 6) }] },
      { watch: [{ type: 'BOOKMARK', resourceVersion: '90' }] },
      { watch: [], end: 'hang' },
    );
    await finish();
    assert.deepEqual(server.asked, ['list', 'watch from 5', 'watch from 6', 'watch from 90']);
  });

  it('lists again when history is gone, and delivers the deletes that it missed', async () => {
    const { finish, server, seen } = follow(
      { list: listOf(5, pod('gone', 3), pod('kept', 4), pod('changed', 5)) },
      { watch: [], end: new StatusError('Expired', 'too old resource version') },
      { list: listOf(50, pod('kept', 4), pod('changed', 40), pod('new', 41)) },
      { watch: [], end: 'hang' },
    );
    await finish();
    assert.deepEqual(seen.slice(3), ['deleted gone@3', 'modified changed@40', 'added new@41']);
    assert.deepEqual(server.asked, ['list', 'watch from 5', 'list', 'watch from 50']);
  });

  it('delivers an object that was made again under its name as deleted, then added', async () => {
    const { finish, seen } = follow(
      { list: listOf(5, pod('web', 3, 'first')) },
      { watch: [], end: new StatusError('Expired', 'gone') },
      { list: listOf(9, pod('web', 9, 'second')) },
      { watch: [{ type: 'MODIFIED', object: pod('web', 12, 'third') }], end: 'hang' },
    );
    await finish();
    assert.deepEqual(seen, ['added web@3', 'deleted web@3', 'added web@9', 'deleted web@9', 'added web@12']);
  });

  it('keeps what it knows while lists fail, and waits longer each time', async () => {
    const down = new StatusError('ServiceUnavailable', 'connection refused');
    const { server, clock, informer } = follow(
      { list: listOf(5, pod('a', 3)) },
      { watch: [], end: new StatusError('Expired', 'gone') },
      { list: down },
      { list: down },
      { list: listOf(8, pod('a', 3)) },
      { watch: [], end: 'hang' },
    );
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    for (const waitMs of [250, 500, 1_000]) {
      while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(informer.list().length, 1);
      const asked = server.asked.length;
      clock.advance(waitMs - 1);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(server.asked.length, asked, `asked again before ${waitMs} ms`);
      clock.advance(1);
    }
    await server.played;
    stop.abort();
    await running;
  });

  it('changes nothing when a later page of a list fails', async () => {
    const firstPage: KubeList = {
      ...listOf(7, pod('b', 7)),
      metadata: { resourceVersion: '7', continue: 'page2' },
    };
    const { finish, seen, server } = follow(
      { list: listOf(5, pod('a', 3)) },
      { watch: [], end: new StatusError('Expired', 'gone') },
      { list: firstPage },
      { list: new StatusError('Expired', 'the provided continue parameter is too old') },
      { list: firstPage },
      { list: listOf(7, pod('a', 3)) },
      { watch: [], end: 'hang' },
    );
    await finish();
    assert.deepEqual(seen, ['added a@3', 'added b@7']);
    assert.deepEqual(server.asked.slice(2, 6), ['list', 'list continue=page2', 'list', 'list continue=page2']);
  });

  it('does not hammer a server that closes each watch at once', async () => {
    const { server, clock, informer } = follow({ list: listOf(5) }, { watch: [] }, { watch: [] });
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(server.asked, ['list', 'watch from 5']);
    stop.abort();
    await running;
  });

  it('goes on after a listener threw', async () => {
    const { finish, seen, informer } = follow(
      { list: listOf(5, pod('a', 3), pod('b', 4)) },
      { watch: [], end: 'hang' },
    );
    informer.onChange(() => {
      throw new Error('bad listener');
    });
    await finish();
    assert.deepEqual(seen, ['added a@3', 'added b@4']);
  });

  it('stops calling a listener that was taken away', async () => {
    const { finish, informer } = follow({ list: listOf(5, pod('a', 3)) }, { watch: [], end: 'hang' });
    let calls = 0;
    informer.onChange(() => calls++)();
    await finish();
    assert.equal(calls, 0);
  });

  it('is synced when the first list was delivered, not before', async () => {
    const { finish, informer, seen } = follow({ list: listOf(5, pod('a', 3)) }, { watch: [], end: 'hang' });
    const synced = informer.whenSynced(new AbortController().signal).then(() => seen.length);
    assert.equal(informer.hasSynced, false);
    await finish();
    assert.equal(await synced, 1);
    await informer.whenSynced(AbortSignal.abort());
  });

  it('rejects a wait for the first list with the reason of the abort', async () => {
    const { informer } = follow();
    const reason = new Error('shutting down');
    const stop = new AbortController();
    const waiting = informer.whenSynced(stop.signal);
    stop.abort(reason);
    await assert.rejects(waiting, reason);
  });
});
