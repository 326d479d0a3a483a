/**
 * The device's store against a model that fits on a page: random writes, reads, watches, kills, reboots and
 * restarts, after each of which both must agree. A failure prints the shortest sequence that shows it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { settle } from '../testing/settle.ts';
import { StoreDirectory } from '../testing/store-directory.ts';
import type { Change, Entry, Put, Store } from './store.ts';

interface ModelEntry extends Entry {
  /** The observation is to be made durable at the next opportunity. */
  readonly isPending: boolean;
  /** What would be seen after a reboot. */
  readonly kept: string | undefined;
}

/** What should be. */
interface Model {
  entries: Map<string, ModelEntry>;
  revision: number;
  /** Every change since the watch began. */
  changes: Change[];
  /** What there was at each revision of this process. */
  past: Map<number, readonly Entry[]>;
}

/** What is. */
interface Real {
  directory: StoreDirectory;
  store: Store;
  watch: { readonly changes: AsyncIterator<Change>; readonly stop: AbortController };
}

type Command = fc.AsyncCommand<Model, Real>;
type Expected = 'current' | 'stale' | 'absent';

const keys = ['pods/a', 'pods/ä', 'q/🚀'] as const;

function entryOf({ isPending: _pending, kept: _kept, ...entry }: ModelEntry): Entry {
  return entry;
}

function sortedEntries(model: Model): readonly Entry[] {
  const entries = [...model.entries.values()].map(entryOf);
  return entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

/** The revision that a writer would expect who knows the key well, badly, or not at all. */
function expectedRevision(model: Model, key: string, expected: Expected): number {
  const current = model.entries.get(key)?.revision ?? 0;
  return expected === 'current' ? current : expected === 'stale' ? Math.max(1, current - 1) : 0;
}

function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name };
}

/** What the model makes of a put; the same that the store must answer. */
function modelPut(model: Model, put: Put): Entry | 'Conflict' {
  const previous = model.entries.get(put.key);
  if (put.expected !== (previous?.revision ?? 0)) return 'Conflict';
  model.revision += 1;
  const isSeen = put.observation !== undefined;
  const next: ModelEntry = {
    key: put.key,
    intent: put.intent ?? previous?.intent,
    observation: put.observation ?? previous?.observation,
    observationIsFromEarlierBoot: isSeen ? false : (previous?.observationIsFromEarlierBoot ?? false),
    createRevision: previous?.createRevision ?? model.revision,
    revision: model.revision,
    isPending: (previous?.isPending ?? false) || (isSeen && put.keep === true),
    kept: previous?.kept,
  };
  model.entries.set(put.key, next);
  const before = previous === undefined ? undefined : entryOf(previous);
  model.changes.push({ type: 'put', entry: entryOf(next), previous: before, revision: model.revision });
  model.past.set(model.revision, sortedEntries(model));
  return entryOf(next);
}

function modelDelete(model: Model, key: string, expected: number): Entry | 'Conflict' | undefined {
  const previous = model.entries.get(key);
  if (previous === undefined) return undefined;
  if (previous.revision !== expected) return 'Conflict';
  model.revision += 1;
  model.entries.delete(key);
  model.changes.push({ type: 'delete', previous: entryOf(previous), revision: model.revision });
  model.past.set(model.revision, sortedEntries(model));
  return entryOf(previous);
}

function modelKeep(model: Model): void {
  for (const [key, entry] of model.entries) {
    if (entry.isPending) model.entries.set(key, { ...entry, isPending: false, kept: entry.observation });
  }
}

function modelReboot(model: Model, baseRevision: number): void {
  for (const [key, entry] of model.entries) {
    if (entry.intent === undefined && entry.kept === undefined) model.entries.delete(key);
    else {
      model.entries.set(key, {
        ...entry,
        observation: entry.kept,
        observationIsFromEarlierBoot: entry.kept !== undefined,
        revision: baseRevision,
        isPending: false,
      });
    }
  }
}

function startWatch(model: Model, store: Store): Real['watch'] {
  model.changes = [];
  const stop = new AbortController();
  return { changes: store.watch('', model.revision, stop.signal)[Symbol.asyncIterator](), stop };
}

async function checkWatch(model: Model, real: Real): Promise<void> {
  for (const change of model.changes) assert.deepEqual(await real.watch.changes.next(), { done: false, value: change });
  model.changes = [];
}

async function checkAll(model: Model, real: Real): Promise<void> {
  const page = await real.store.list('');
  const expected = sortedEntries(model);
  assert.deepEqual(page, { entries: expected, revision: model.revision, more: false, remaining: 0 });
  for (const key of keys)
    assert.deepEqual(
      await real.store.get(key),
      expected.find((entry) => entry.key === key),
    );
  for (const [at, entries] of model.past) {
    const then = await real.store.list('', { at });
    assert.deepEqual(then, { entries, revision: at, more: false, remaining: 0 });
  }
}

/** Opens what is left, as a new process does. */
async function restart(model: Model, real: Real): Promise<void> {
  const { store, recovered, readOnly } = await real.directory.open();
  assert.deepEqual([recovered, readOnly], [false, false]);
  assert.ok(store.revision() >= model.revision, 'revisions never go back');
  real.store = store;
  model.revision = store.revision();
  model.past = new Map();
  real.watch = startWatch(model, store);
}

async function kill(real: Real): Promise<void> {
  const left = real.directory.killedNow();
  real.watch.stop.abort();
  await real.store.close();
  real.directory.remove();
  real.directory = left;
}

const text = fc.constantFrom('1', '2', '{"a":"漢"}');
const expected = fc.constantFrom<Expected>('current', 'current', 'current', 'stale', 'absent');
const aKey = fc.constantFrom(...keys);
const parts = fc.oneof(
  fc.record({ intent: text }),
  fc.record({ observation: text, keep: fc.boolean() }),
  fc.record({ intent: text, observation: text, keep: fc.boolean() }),
);

const putCommand = fc.record({ key: aKey, parts, expected }).map(({ key, parts, expected }) =>
  command(`put ${key} ${JSON.stringify(parts)} ${expected}`, async (model, real) => {
    const put: Put = { key, ...parts, expected: expectedRevision(model, key, expected) };
    const answer = modelPut(model, put);
    assert.deepEqual(await real.store.put(put), answer);
  }),
);

const deleteCommand = fc.record({ key: aKey, expected }).map(({ key, expected }) =>
  command(`delete ${key} ${expected}`, async (model, real) => {
    const revision = expectedRevision(model, key, expected);
    const answer = modelDelete(model, key, revision);
    assert.deepEqual(await real.store.delete(key, revision), answer);
  }),
);

/** Several writers in one macrotask: one transaction. */
const togetherCommand = fc
  .array(fc.record({ key: aKey, parts, removes: fc.boolean() }), { minLength: 2, maxLength: 5 })
  .map((writes) =>
    command(`together ${JSON.stringify(writes)}`, async (model, real) => {
      const answers: unknown[] = [];
      const results = writes.map(({ key, parts, removes }) => {
        const revision = expectedRevision(model, key, 'current');
        answers.push(
          removes ? modelDelete(model, key, revision) : modelPut(model, { key, ...parts, expected: revision }),
        );
        return removes ? real.store.delete(key, revision) : real.store.put({ key, ...parts, expected: revision });
      });
      assert.deepEqual(await Promise.all(results), answers);
    }),
  );

const pageCommand = fc
  .record({ limit: fc.integer({ min: 1, max: 3 }), after: fc.option(aKey) })
  .map(({ limit, after }) =>
    command(`page of ${limit} after ${after}`, async (model, real) => {
      const page = await real.store.list('pods/', { limit, ...(after === null ? {} : { after }) });
      const all = [...model.entries.keys()]
        .filter((key) => key.startsWith('pods/'))
        .map((key) => Buffer.from(key))
        .filter((key) => after === null || Buffer.compare(key, Buffer.from(after)) > 0)
        .sort(Buffer.compare)
        .map(String);
      assert.deepEqual(
        page.entries.map((entry) => entry.key),
        all.slice(0, limit),
      );
      assert.equal(page.remaining, Math.max(0, all.length - limit));
      assert.equal(page.more, all.length > limit);
    }),
  );

const otherCommands = [
  command('check everything', checkAll),
  command('read the watch', checkWatch),
  command('flush', async (model, real) => {
    modelKeep(model);
    await real.store.flush();
  }),
  command('a minute passes', async (model, real) => {
    modelKeep(model);
    real.directory.clock.advance(61_000);
    await settle();
  }),
  command('kill', async (model, real) => {
    await checkWatch(model, real);
    await kill(real);
    await restart(model, real);
    await checkAll(model, real);
  }),
  command('kill and reboot', async (model, real) => {
    await kill(real);
    real.directory.reboot();
    await restart(model, real);
    modelReboot(model, model.revision);
    await checkAll(model, real);
  }),
  command('stop and start', async (model, real) => {
    real.watch.stop.abort();
    modelKeep(model);
    await real.store.close();
    await restart(model, real);
    await checkAll(model, real);
  }),
];

describe('SqliteStore', () => {
  it('agrees with its model over any sequence of writes, kills and reboots', async () => {
    const commands = fc.commands(
      [
        putCommand,
        putCommand,
        deleteCommand,
        togetherCommand,
        pageCommand,
        ...otherCommands.map((each) => fc.constant(each)),
      ],
      { maxCommands: 40 },
    );
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const directory = new StoreDirectory();
        const { store } = await directory.open();
        const model: Model = { entries: new Map(), revision: store.revision(), changes: [], past: new Map() };
        const real: Real = { directory, store, watch: startWatch(model, store) };
        try {
          await fc.asyncModelRun(() => ({ model, real }), sequence);
          await checkWatch(model, real);
          await checkAll(model, real);
        } finally {
          real.watch.stop.abort();
          await real.store.close();
          real.directory.remove();
        }
      }),
      { numRuns: Number(process.env['ELIOT_MODEL_RUNS'] ?? 100) },
    );
  });
});
