import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChildAnswer, ChildRequest, LayerUpload } from '../../api/image-push/exchange.ts';
import type { RunChild } from '../../host/run-child.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { ImagePusher } from './image-pusher.ts';

const signal = new AbortController().signal;
const world = { socketPath: '/c.sock', root: '/c', spool: '/d/pushes', architectures: ['amd64'] };
const layer: LayerUpload = {
  diffID: `sha256:${'a'.repeat(64)}`,
  sizeBytes: 1,
  recipe: `sha256:${'b'.repeat(64)}`,
  recipeBytes: 1,
  image: 'web:1',
  index: 0,
  offset: 0,
};

interface Child {
  readonly request: ChildRequest;
  readonly body: string;
  readonly end: (answer: ChildAnswer) => void;
}

/** A pusher whose children are ended by the test. */
function pusher() {
  const clock = new FakeClock();
  const children: Child[] = [];
  const removed: string[] = [];
  const older: string[] = [];
  /** What lies in the spool and is old, by a clock that was set a moment ago. */
  const spools = new Set<string>();
  let imported = 0;
  const runChild: RunChild = async (_command, args, _signal, { input = '' } = {}) => {
    assert.deepEqual(args, ['images.js']);
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of input as AsyncIterable<Uint8Array>) pieces.push(piece);
    } catch {
      // A child sees only that its stdin ends.
    }
    const text = Buffer.concat(pieces).toString();
    const [line = '', ...rest] = text.split('\n');
    const ended = Promise.withResolvers<ChildAnswer>();
    children.push({ request: JSON.parse(line), body: rest.join('\n'), end: ended.resolve });
    return { exitCode: 0, stdout: JSON.stringify(await ended.promise), stderr: '' };
  };
  const made = new ImagePusher({
    runChild,
    nodeProgram: 'node',
    imagesProgram: 'images.js',
    world,
    removeDirectory: async (path) => void removed.push(path),
    removeOlder: async (path, olderThanMs, whileUnused) => {
      older.push(`${path} ${olderThanMs / 3_600_000} h`);
      for (const name of spools) await whileUnused(name, async () => void spools.delete(name));
    },
    onImported: async () => {
      imported += 1;
    },
    clock,
    stopping: signal,
  });
  return { made, clock, children, removed, older, spools, imported: () => imported };
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe('images that are pushed', () => {
  it('are handed to a child, whose answer is the answer', async () => {
    const { made, children, imported } = pusher();
    const push = { image: 'web:1', configuration: 'e30=', layers: [] };
    const first = made.push(push, signal);
    await settle();
    assert.deepEqual(children[0]?.request, { kind: 'Push', push, world });
    children[0]?.end({ result: { id: 'sha256:1', complete: false, layers: [] } });
    assert.equal((await first).complete, false);
    assert.equal(imported(), 0);
    const second = made.push(push, signal);
    await settle();
    children[1]?.end({ result: { id: 'sha256:1', complete: true, layers: [] } });
    assert.equal((await second).complete, true);
    assert.equal(imported(), 1);
  });

  it('are refused as the child refuses them', async () => {
    const { made, children } = pusher();
    const refused = made.takeLayer(layer, bodyOf('frames'), signal);
    await settle();
    assert.equal(children[0]?.body, 'frames');
    children[0]?.end({ reason: 'InsufficientStorage', message: '3MB are missing' });
    await assert.rejects(refused, { reason: 'InsufficientStorage', message: '3MB are missing' });
    const odd = made.takeLayer(layer, bodyOf(''), signal);
    await settle();
    children[1]?.end({ reason: 'Odd', message: 'what?' });
    await assert.rejects(odd, { reason: 'InternalError' });
  });

  it('whose body stops coming are refused so that they come again, although the child saw only its end', async () => {
    const { made, clock, children } = pusher();
    const silent = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half a frame');
      await new Promise(() => {});
    };
    const refused = made.takeLayer(layer, silent(), signal);
    await settle();
    clock.advance(60_000);
    await settle();
    children[0]?.end({ reason: 'BadRequest', message: 'the upload was cut off' });
    await assert.rejects(refused, { reason: 'Timeout', message: 'nothing of the body came for 60 s' });
  });

  it('have one child for a layer, and two in all; who goes while he waits starts none', async () => {
    const { made, children } = pusher();
    const take = (digit: string, by = signal) =>
      made.takeLayer({ ...layer, diffID: `sha256:${digit.repeat(64)}` }, bodyOf(digit), by);
    const gone = new AbortController();
    const done = { result: { diffID: '', state: 'Present' } } as const;
    const taken = [take('1'), take('1'), take('2'), take('3', gone.signal)];
    const refused = assert.rejects(taken[3] ?? Promise.resolve(), { name: 'AbortError' });
    await settle();
    assert.deepEqual(
      children.map(({ body }) => body),
      ['1', '2'],
    );
    gone.abort();
    await refused;
    children[0]?.end(done);
    await settle();
    assert.deepEqual(
      children.map(({ body }) => body),
      ['1', '2', '1'],
    );
    children[1]?.end(done);
    children[2]?.end(done);
    await Promise.all(taken.slice(0, 3));
  });

  it('are asked for while others send, and one that finds no place in time is told so', async () => {
    const { made, clock, children } = pusher();
    const take = (digit: string) =>
      made.takeLayer({ ...layer, diffID: `sha256:${digit.repeat(64)}` }, bodyOf(digit), signal);
    const taken = [take('1'), take('2')];
    await settle();
    const third = assert.rejects(take('3'), {
      reason: 'TooManyRequests',
      message: 'the device is busy with layers of other pushes',
      details: { retryAfterSeconds: 5 },
    });
    const asked = made.push({ image: 'web:1', configuration: 'e30=', layers: [] }, signal);
    await settle();
    children[2]?.end({ result: { id: 'sha256:1', complete: false, layers: [] } });
    assert.equal((await asked).complete, false);
    clock.advance(20_000);
    await third;
    for (const child of children.slice(0, 2)) child.end({ result: { diffID: '', state: 'Present' } });
    await Promise.all(taken);
    assert.equal(children.length, 3);
    assert.equal(clock.sleeping, 0);
  });

  it('leave nothing behind that nobody has gone on with for a day', async () => {
    const { made, clock, children, removed, older } = pusher();
    const stop = new AbortController();
    const hour = 60 * 60 * 1_000;
    const running = made.run(stop.signal);
    const advance = async (hours: number): Promise<void> => {
      for (let step = 0; step < hours; step += 1) {
        clock.advance(hour);
        await settle();
      }
    };
    await settle();
    // When eliotd starts: of the time before it knows nothing.
    assert.deepEqual(older, ['/d/pushes 24 h']);
    // And later, as the clock may be set only then.
    await advance(20);
    assert.equal(older.length, 21);
    const taken = made.takeLayer(layer, bodyOf(''), signal);
    await settle();
    children[0]?.end({ result: { diffID: '', state: 'Missing' } });
    await taken;
    await advance(23);
    assert.deepEqual(removed, []);
    await advance(3);
    assert.deepEqual(removed.slice(0, 1), ['/d/pushes']);
    stop.abort();
    await running;
  });

  it('stay, however old the clock says that they are, while somebody sends them and for a day after', async () => {
    const { made, clock, children, spools } = pusher();
    const stop = new AbortController();
    const hour = 60 * 60 * 1_000;
    const other = 'c'.repeat(64);
    const ours = layer.diffID.replace('sha256:', '');
    const taken = made.takeLayer(layer, bodyOf(''), signal);
    await settle();
    spools.add(ours);
    spools.add(other);
    const running = made.run(stop.signal);
    await settle();
    assert.deepEqual([...spools], [ours]);
    children[0]?.end({ result: { diffID: '', state: 'Missing' } });
    await taken;
    for (let hours = 0; hours < 23; hours += 1) {
      clock.advance(hour);
      await settle();
    }
    assert.deepEqual([...spools], [ours]);
    clock.advance(hour);
    await settle();
    assert.deepEqual([...spools], []);
    stop.abort();
    await running;
  });
});
