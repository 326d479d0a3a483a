import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { jsonFrame } from '../../api/sync/frames.ts';
import { StatusError } from '../../lib/status-error.ts';
import { TreeError } from '../../lib/tree/tree-error.ts';
import { TreePlaces } from '../../lib/tree/tree-places.ts';
import { syncedTree } from '../../testing/sync-pair.ts';
import { RemoteTree } from './remote-tree.ts';
import { sendFile } from './send-file.ts';

const timeout = 10_000;

describe('a file that is sent', () => {
  let base: string;
  let places: TreePlaces;
  let remote: RemoteTree;
  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), 'eliot-send-'));
    for (const name of ['here', 'there']) mkdirSync(join(base, name));
    places = new TreePlaces(join(base, 'here'));
    remote = new RemoteTree(syncedTree(join(base, 'there'), join(base, 'staging')).stream);
    await remote.open([], false);
  });
  afterEach(() => {
    remote.close();
    places.close();
    rmSync(base, { recursive: true, force: true });
  });

  const send = async (path: string): Promise<void> => {
    const { sent } = await sendFile(path, {}, undefined, { places, remote });
    await sent.answer;
  };
  /** Nothing is there of what was given up, and the session goes on. */
  const assertNextArrives = async (): Promise<void> => {
    writeFileSync(join(base, 'here/next'), 'next');
    await send('next');
    assert.deepEqual(readdirSync(join(base, 'there')), ['next']);
    assert.equal(readFileSync(join(base, 'there/next'), 'utf8'), 'next');
    const staged = readdirSync(join(base, 'staging'), { withFileTypes: true, recursive: true });
    assert.deepEqual(
      staged.filter((each) => each.isFile()),
      [],
    );
  };

  for (const [size, bytes] of [
    ['small', 100_000],
    ['large', 5 * 1024 * 1024],
  ] as const) {
    for (const [how, change] of [
      ['shrinks', (file: string) => truncateSync(file, bytes / 2)],
      ['becomes empty', (file: string) => truncateSync(file, 0)],
      ['grows', (file: string) => appendFileSync(file, randomBytes(200_000))],
      ['becomes another of the same length', (file: string) => writeFileSync(file, randomBytes(bytes))],
    ] as const) {
      it(`arrives nowhere when it is ${size} and ${how} meanwhile, and holds up nothing`, { timeout }, async () => {
        const file = join(base, 'here/file');
        writeFileSync(file, randomBytes(bytes));
        // What is written in the same tick of the kernel's clock has the same time.
        utimesSync(file, 1, 1);
        const sending = send('file');
        change(file);
        await assert.rejects(
          sending,
          (error) => error instanceof TreeError && /changed while it was read/.test(error.message),
        );
        await assertNextArrives();
      });
    }
  }

  it('ends for the device as well when it cannot be read', { timeout }, async () => {
    const entry = { kind: 'file', mode: 0o644, size: 2 * 1024 * 1024, mtimeMs: 1 } as const;
    const failure = new TreeError('Failed', 'file: EIO');
    const broken = async (): Promise<never> => {
      throw failure;
    };
    await assert.rejects(remote.sendChunks({ do: 'putChunks', path: 'file', entry }, broken), failure);
    const pieces = function* (): Generator<Buffer> {
      yield Buffer.from('the beginning');
      throw failure;
    };
    await assert.rejects(remote.sendFile({ do: 'put', path: 'file', entry }, pieces()), failure);
    await assertNextArrives();
  });
});

describe('the end of a session', () => {
  it('is never taken for the failure of one file', { timeout }, async () => {
    const down = new PassThrough();
    const remote = new RemoteTree(Duplex.from({ readable: down, writable: new PassThrough().resume() }));
    down.write(jsonFrame({ is: 'scanned' }));
    await remote.open([], false);
    const { answer } = await remote.send({ do: 'remove', path: 'a' });
    down.write(jsonFrame({ is: 'fatal', code: 'Invalid', message: 'makes no sense' }));
    const isEnd = (error: unknown): boolean => error instanceof StatusError && error.reason === 'Invalid';
    await assert.rejects(answer, isEnd);
    await assert.rejects(remote.send({ do: 'remove', path: 'b' }), isEnd);
  });
});
