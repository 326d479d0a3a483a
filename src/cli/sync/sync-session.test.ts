import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SyncPair, until } from '../../testing/sync-pair.ts';

describe('a sync session', () => {
  let pair: SyncPair;
  beforeEach(() => {
    pair = new SyncPair();
  });
  afterEach(() => pair.close());

  const textThere = (name: string): string | undefined =>
    existsSync(join(pair.there, name)) ? readFileSync(join(pair.there, name), 'utf8') : undefined;

  it('tells what the first sync took, and moves nothing again that is there', async () => {
    writeFileSync(join(pair.here, 'a'), 'hello');
    mkdirSync(join(pair.here, 'd'));
    assert.deepEqual(await pair.start().first, { files: 2, bytes: 5, sentBytes: 5, failed: new Map() });
    await pair.session.close();
    assert.deepEqual(await pair.start().first, { files: 2, bytes: 5, sentBytes: 0, failed: new Map() });
  });

  it('sends no content that is the same but for its time', async () => {
    writeFileSync(join(pair.there, 'a'), 'hello');
    writeFileSync(join(pair.there, 'b'), 'jello');
    await delay(5);
    writeFileSync(join(pair.here, 'a'), 'hello');
    writeFileSync(join(pair.here, 'b'), 'hello');
    assert.equal((await pair.start().first).sentBytes, 5);
    assert.equal(textThere('b'), 'hello');
  });

  it('removes only what it had brought, also after the connection was lost', async () => {
    writeFileSync(join(pair.there, 'made-there'), 'x');
    writeFileSync(join(pair.here, 'a'), 'a');
    await pair.start().first;
    pair.isReachable = false;
    pair.cut();
    rmSync(join(pair.here, 'a'));
    writeFileSync(join(pair.here, 'b'), 'b');
    await until('the loss', () => pair.states.some(({ kind }) => kind === 'reconnecting'));
    pair.isReachable = true;
    await until('b', () => textThere('b') === 'b' && textThere('a') === undefined);
    assert.deepEqual(readdirSync(pair.there).sort(), ['b', 'made-there']);
  });

  it('tells of what had come before the connection was lost, though the answer was lost with it', async () => {
    writeFileSync(join(pair.here, 'gone'), 'x');
    await pair.start().first;
    pair.isReachable = false;
    pair.cut();
    writeFileSync(join(pair.here, 'a'), 'a');
    rmSync(join(pair.here, 'gone'));
    cpSync(join(pair.here, 'a'), join(pair.there, 'a'), { preserveTimestamps: true });
    rmSync(join(pair.there, 'gone'));
    await until('the loss', () => pair.states.some(({ kind }) => kind === 'reconnecting'));
    pair.isReachable = true;
    const told = (): string[] => pair.changes.flatMap(({ paths }) => paths).sort();
    await until('both', () => told().length >= 2);
    assert.deepEqual(told(), ['a', 'gone']);
  });

  it('puts a directory where a link is, without following it, and a file where a directory is, which it keeps aside', async () => {
    const outside = join(pair.here, '../outside');
    mkdirSync(outside);
    symlinkSync(outside, join(pair.there, 'src'));
    mkdirSync(join(pair.there, 'file'));
    writeFileSync(join(pair.there, 'file/kept'), 'kept');
    mkdirSync(join(pair.here, 'src'));
    writeFileSync(join(pair.here, 'src/a'), 'a');
    writeFileSync(join(pair.here, 'file'), 'file');
    await pair.start().first;
    assert.equal(textThere('src/a'), 'a');
    assert.equal(textThere('file'), 'file');
    assert.deepEqual(readdirSync(outside), []);
    const aside = readdirSync(pair.there).find((name) => /^file\.conflict-\d{8}-\d{6}$/.test(name));
    assert.equal(textThere(`${aside}/kept`), 'kept');
  });

  it('heals what somebody did to its directories on the device', async () => {
    mkdirSync(join(pair.here, 'src'));
    writeFileSync(join(pair.here, 'src/a'), 'a');
    await pair.start().first;
    const outside = join(pair.here, '../outside');
    mkdirSync(outside);
    rmSync(join(pair.there, 'src'), { recursive: true });
    symlinkSync(outside, join(pair.there, 'src'));
    writeFileSync(join(pair.here, 'src/b'), 'b');
    await until('b', () => textThere('src/b') === 'b' && textThere('src/a') === 'a');
    assert.deepEqual(readdirSync(outside), []);
    assert.deepEqual(
      readdirSync(pair.staging, { withFileTypes: true, recursive: true }).filter((each) => each.isFile()),
      [],
    );
  });

  it('follows the rules as they change, and leaves alone what is ignored from then on', async () => {
    writeFileSync(join(pair.here, 'a.log'), '1');
    writeFileSync(join(pair.here, 'b'), '1');
    await pair.start({ ignore: ['/own'] }).first;
    writeFileSync(join(pair.here, 'own'), 'x');
    writeFileSync(join(pair.here, '.gitignore'), '*.log\n');
    await until('the rules', () => textThere('.gitignore') !== undefined);
    writeFileSync(join(pair.here, 'a.log'), '2');
    writeFileSync(join(pair.here, 'b'), '2');
    await until('b', () => textThere('b') === '2');
    assert.deepEqual([textThere('a.log'), textThere('own')], ['1', undefined]);
  });

  it('brings what was saved a moment ago before it ends', async () => {
    writeFileSync(join(pair.here, 'a'), 'a');
    await pair.start().first;
    writeFileSync(join(pair.here, 'a'), 'last words');
    await pair.session.close();
    assert.equal(textThere('a'), 'last words');
  });

  it('ends at once when nobody can be reached', async () => {
    pair.isReachable = false;
    const { first } = pair.start();
    await until('a try', () => pair.states.length > 0);
    const startedMs = performance.now();
    await pair.session.close();
    assert.ok(performance.now() - startedMs < 5_000);
    await assert.rejects(first, /the session was closed/);
  });

  it('moves only the changed chunks of a large file, byte-exact', async () => {
    const content = randomBytes(6 * 1024 * 1024);
    writeFileSync(join(pair.here, 'model'), content);
    const { sentBytes } = await pair.start().first;
    assert.equal(sentBytes, content.length);
    await pair.session.close();
    // In the middle, inserted at the front, a repeated part, and cut off at the end.
    content.fill(7, 3_000_000, 3_001_000);
    const changed = Buffer.concat([Buffer.from('in front'), content.subarray(0, -1_000), content.subarray(0, 500_000)]);
    writeFileSync(join(pair.here, 'model'), changed);
    const again = await pair.start().first;
    assert.ok(readFileSync(join(pair.there, 'model')).equals(changed));
    assert.ok(again.sentBytes < 1_500_000, `${again.sentBytes} bytes moved`);
    pair.cut();
    mkdirSync(join(pair.here, 'new'));
    renameSync(join(pair.here, 'model'), join(pair.here, 'new/name'));
    await until(
      'the new name',
      () => existsSync(join(pair.there, 'new/name')) && !existsSync(join(pair.there, 'model')),
    );
    assert.ok(readFileSync(join(pair.there, 'new/name')).equals(changed));
    await pair.session.close();
    assert.equal((await pair.start().first).sentBytes, 0);
  });

  it('lets a log that grows all the time hold up nothing, names it, and brings it when it is quiet', async () => {
    const log = join(pair.here, 'app.log');
    writeFileSync(log, randomBytes(8 * 1024 * 1024));
    writeFileSync(join(pair.here, 'a'), '0');
    const growing = setInterval(() => appendFileSync(log, 'and another line\n'), 1);
    try {
      const { failed } = await within(10_000, pair.start().first);
      assert.deepEqual([...failed.keys()], ['app.log']);
      for (let version = 1; version <= 5; version += 1) {
        const savedMs = performance.now();
        writeFileSync(join(pair.here, 'a'), `${version}`);
        await until('the save', () => textThere('a') === `${version}`);
        assert.ok(performance.now() - savedMs < 1_500, `it took ${performance.now() - savedMs} ms`);
      }
    } finally {
      clearInterval(growing);
    }
    assert.equal(pair.connections, 1);
    assert.ok(pair.states.some((state) => state.kind === 'blocked' && state.paths.includes('app.log')));
    await until('the log', () => existsSync(join(pair.there, 'app.log')));
    assert.ok(readFileSync(join(pair.there, 'app.log')).equals(readFileSync(log)));
    await until('word of it', () => pair.states.at(-1)?.kind === 'connected');
  });

  it('says that the directory is gone', async () => {
    rmSync(pair.here, { recursive: true });
    await assert.rejects(pair.start().first, /is no directory/);
    await until('the failure', () => pair.failure !== undefined);
  });
});

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return await Promise.race([
    promise,
    delay(ms, undefined, { ref: false }).then(() => assert.fail(`not within ${ms} ms`)),
  ]);
}
