import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { dataFrame, FrameReader, jsonFrame } from '../../api/sync/frames.ts';
import { parseRequest, type SyncRequest } from '../../api/sync/messages.ts';
import { createSystemClock } from '../../lib/clock.ts';
import { SyncPair, until } from '../../testing/sync-pair.ts';
import { startSyncOver } from './sync-session.ts';

describe('a sync session that goes both ways', () => {
  let pair: SyncPair;
  beforeEach(() => {
    pair = new SyncPair();
  });
  afterEach(() => pair.close());

  const textOf = (root: string, name: string): string | undefined =>
    existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined;
  const conflictsOf = (root: string, name: string): string[] =>
    readdirSync(root).filter((other) => other.startsWith(`${name}.conflict-`));

  /** Both sides change while they do not hear of each other. */
  async function apart(change: () => void): Promise<void> {
    const before = pair.states.filter(({ kind }) => kind === 'reconnecting').length;
    pair.isReachable = false;
    pair.cut();
    await until('the loss', () => pair.states.filter(({ kind }) => kind === 'reconnecting').length > before);
    change();
    pair.isReachable = true;
  }

  it('brings back what is made, changed, renamed and deleted on the device', async () => {
    mkdirSync(join(pair.here, 'src'));
    writeFileSync(join(pair.here, 'src/a'), 'a');
    await pair.start({ twoWay: true }).first;
    writeFileSync(join(pair.there, 'src/b'), 'b');
    mkdirSync(join(pair.there, 'out/deep'), { recursive: true });
    writeFileSync(join(pair.there, 'out/deep/c'), 'c');
    await until('b and c', () => textOf(pair.here, 'src/b') === 'b' && textOf(pair.here, 'out/deep/c') === 'c');
    writeFileSync(join(pair.there, 'src/a'), 'changed there');
    await until('a', () => textOf(pair.here, 'src/a') === 'changed there');
    renameSync(join(pair.there, 'out'), join(pair.there, 'dist'));
    await until('dist', () => textOf(pair.here, 'dist/deep/c') === 'c' && !existsSync(join(pair.here, 'out')));
    rmSync(join(pair.there, 'dist'), { recursive: true });
    await until('the end of dist', () => !existsSync(join(pair.here, 'dist')));
    assert.ok(pair.changes.some(({ direction, paths }) => direction === 'toLaptop' && paths.includes('src/b')));
    writeFileSync(join(pair.here, 'src/a'), 'changed here');
    await until('a', () => textOf(pair.there, 'src/a') === 'changed here');
  });

  it('keeps both versions of what was changed on both sides', async () => {
    writeFileSync(join(pair.here, 'a'), 'first');
    await pair.start({ twoWay: true }).first;
    await apart(() => {
      writeFileSync(join(pair.here, 'a'), 'from the laptop');
      writeFileSync(join(pair.there, 'a'), 'from the device');
    });
    await until('both', () => conflictsOf(pair.here, 'a').length === 1 && conflictsOf(pair.there, 'a').length === 1);
    for (const root of [pair.here, pair.there]) {
      assert.equal(textOf(root, 'a'), 'from the laptop');
      assert.equal(textOf(root, conflictsOf(root, 'a')[0] ?? ''), 'from the device');
    }
    await until('word of it', () => pair.changes.some(({ conflicts }) => conflicts.length > 0));
  });

  it('makes no conflict of what became the same on both sides', async () => {
    await pair.start({ twoWay: true }).first;
    await apart(() => {
      writeFileSync(join(pair.here, 'a'), 'same');
      writeFileSync(join(pair.there, 'a'), 'same');
      writeFileSync(join(pair.there, 'later'), 'x');
    });
    await until('later', () => textOf(pair.here, 'later') === 'x');
    assert.deepEqual(readdirSync(pair.here).sort(), ['a', 'later']);
  });

  it('lets no deletion win against a change', async () => {
    writeFileSync(join(pair.here, 'a'), 'a');
    writeFileSync(join(pair.here, 'b'), 'b');
    await pair.start({ twoWay: true }).first;
    await apart(() => {
      rmSync(join(pair.here, 'a'));
      writeFileSync(join(pair.there, 'a'), 'still needed');
      rmSync(join(pair.there, 'b'));
      writeFileSync(join(pair.here, 'b'), 'needed too');
    });
    await until('a', () => textOf(pair.here, 'a') === 'still needed' && textOf(pair.there, 'b') === 'needed too');
  });

  it('brings nothing back that is ignored', async () => {
    writeFileSync(join(pair.here, '.gitignore'), '*.pyc\n__pycache__/\n');
    await pair.start({ twoWay: true }).first;
    mkdirSync(join(pair.there, '__pycache__'));
    writeFileSync(join(pair.there, '__pycache__/a.pyc'), 'x');
    writeFileSync(join(pair.there, 'b.pyc'), 'x');
    writeFileSync(join(pair.there, 'kept'), 'x');
    await until('kept', () => existsSync(join(pair.here, 'kept')));
    assert.deepEqual(
      readdirSync(pair.here)
        .filter((name) => !name.startsWith('.eliot-sync'))
        .sort(),
      ['.gitignore', 'kept'],
    );
  });

  it('brings back what is no longer ignored, and what the device makes there from then on', async () => {
    writeFileSync(join(pair.here, '.gitignore'), 'out/\n');
    await pair.start({ twoWay: true }).first;
    mkdirSync(join(pair.there, 'out'));
    writeFileSync(join(pair.there, 'out/before'), 'x');
    writeFileSync(join(pair.there, 'other'), 'x');
    await until('other', () => existsSync(join(pair.here, 'other')));
    assert.equal(existsSync(join(pair.here, 'out')), false);
    writeFileSync(join(pair.here, '.gitignore'), '# nothing\n');
    await until('what was made before', () => existsSync(join(pair.here, 'out/before')));
    writeFileSync(join(pair.there, 'out/after'), 'x');
    await until('what is made afterwards', () => existsSync(join(pair.here, 'out/after')));
    mkdirSync(join(pair.here, 'sub'));
    writeFileSync(join(pair.here, 'sub/.gitignore'), '*.log\n');
    await until('rules of a new directory', () => existsSync(join(pair.there, 'sub/.gitignore')));
    writeFileSync(join(pair.there, 'sub/last'), 'x');
    await until('last', () => existsSync(join(pair.here, 'sub/last')));
    // Once for each change of the rules, and not again.
    assert.equal(pair.connections, 3);
    assert.deepEqual(
      pair.states.filter(({ kind }) => kind !== 'connected'),
      [],
    );
  });

  it('takes nothing of what git keeps, even when the rules let it through', async () => {
    mkdirSync(join(pair.here, '.git'));
    writeFileSync(join(pair.here, '.eliotignore'), '!.git\n');
    await pair.start({ twoWay: true }).first;
    await apart(() => {
      mkdirSync(join(pair.there, '.git/hooks'), { recursive: true });
      writeFileSync(join(pair.there, '.git/hooks/post-checkout'), 'x');
      writeFileSync(join(pair.there, 'last'), 'x');
    });
    await until('last', () => existsSync(join(pair.here, 'last')));
    assert.deepEqual(readdirSync(join(pair.here, '.git')), []);
  });

  it('takes nothing that is ignored here from a device that tells of it all the same', async () => {
    writeFileSync(join(pair.here, '.gitignore'), 'secret\n');
    mkdirSync(join(pair.here, '.git'));
    const clock = createSystemClock();
    const over = new AbortController();
    const paths = ['.git/hooks/post-checkout', '.GIT/config', 'secret', 'wanted'];
    const settings = { clock, directory: pair.here, ignore: [], twoWay: true };
    const session = startSyncOver(settings, async () => lyingDevice(paths), over.signal);
    await session.first;
    over.abort();
    await session.close();
    assert.deepEqual(readdirSync(pair.here).sort(), ['.git', '.gitignore', 'wanted']);
    assert.deepEqual(readdirSync(join(pair.here, '.git')), []);
  });
});

/** Has files at `paths`, whatever the rules, and does whatever it is asked to. */
function lyingDevice(paths: readonly string[]): Duplex {
  const [up, down] = [new PassThrough(), new PassThrough()];
  const content = Buffer.from('#!/bin/sh\n');
  const entry = { kind: 'file', mode: 0o755, size: content.length, mtimeMs: 1_000 } as const;
  const answersTo = (request: SyncRequest): Buffer[] => {
    if (request.do === 'open') {
      const entries = paths.map((path) => ({ path, entry }));
      return [jsonFrame({ is: 'tree', entries, gone: [] }), jsonFrame({ is: 'scanned' })];
    }
    const { n } = request;
    if (request.do === 'put') return [];
    if (request.do !== 'get') return [jsonFrame({ is: 'done', n, entry })];
    return [jsonFrame({ is: 'content', n, entry }), dataFrame(content), jsonFrame({ is: 'done', n, entry })];
  };
  const frames = new FrameReader();
  up.on('data', (chunk: Buffer) => {
    for (const frame of frames.read(chunk)) {
      if (frame.kind === 'json') down.write(Buffer.concat(answersTo(parseRequest(frame.text))));
    }
  });
  const stream = Duplex.from({ readable: down, writable: up });
  stream.on('error', () => {});
  return stream;
}
