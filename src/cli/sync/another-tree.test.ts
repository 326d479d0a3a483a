/** The device's tree is not the one that it was: after a power cut, in another pod, on a device that cannot tell. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createSystemClock } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import { SyncPair, syncedTree, until } from '../../testing/sync-pair.ts';
import { startSyncOver } from './sync-session.ts';

describe('a sync session that comes back', () => {
  let pair: SyncPair;
  beforeEach(() => {
    pair = new SyncPair();
    mkdirSync(join(pair.here, 'src'));
    for (const name of names) writeFileSync(join(pair.here, name), `precious ${name}`);
  });
  afterEach(() => pair.close());

  const names = ['a', 'src/b', 'src/c'];
  const textOf = (root: string, name: string): string | undefined =>
    existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined;
  const isAllIn = (root: string): boolean => names.every((name) => textOf(root, name) === `precious ${name}`);

  async function apart(change: () => void): Promise<void> {
    pair.isReachable = false;
    pair.cut();
    await until('the loss', () => pair.states.some(({ kind }) => kind === 'reconnecting'));
    change();
    pair.isReachable = true;
  }

  const damages: Record<string, () => void> = {
    'a file is missing': () => rmSync(join(pair.there, 'src/b')),
    'a file is empty': () => writeFileSync(join(pair.there, 'src/b'), ''),
    'a file is cut off': () => writeFileSync(join(pair.there, 'src/b'), 'prec'),
    'a directory is missing': () => rmSync(join(pair.there, 'src'), { recursive: true }),
    'everything is missing': () => {
      for (const name of readdirSync(pair.there)) rmSync(join(pair.there, name), { recursive: true });
    },
  };

  for (const [what, damage] of Object.entries(damages)) {
    it(`loses nothing here when the device was started anew and ${what} there`, async () => {
      await pair.start({ twoWay: true }).first;
      await apart(() => {
        pair.bootId = 'second boot';
        damage();
      });
      await until('everything to be there again', () => isAllIn(pair.there));
      // What comes from there afterwards has come.
      writeFileSync(join(pair.there, 'last'), 'x');
      await until('last', () => existsSync(join(pair.here, 'last')));
      assert.ok(isAllIn(pair.here));
    });
  }

  it('loses nothing here when the volume is another one, of the same name', async () => {
    await pair.start({ twoWay: true }).first;
    await apart(() => {
      renameSync(pair.there, `${pair.there}-before`);
      mkdirSync(pair.there);
    });
    await until('everything to be there', () => isAllIn(pair.there));
    assert.ok(isAllIn(pair.here));
  });

  it('loses nothing here when the device cannot tell which tree it has', async () => {
    pair.bootId = '';
    await pair.start({ twoWay: true }).first;
    await apart(() => rmSync(join(pair.there, 'src/b')));
    await until('everything to be there again', () => isAllIn(pair.there));
    assert.ok(isAllIn(pair.here));
  });

  it('hears of what was deleted there meanwhile when only the connection was lost', async () => {
    await pair.start({ twoWay: true }).first;
    await apart(() => rmSync(join(pair.there, 'src/b')));
    await until('the end of b', () => !existsSync(join(pair.here, 'src/b')));
  });

  it('ends when the device says that it is another pod', async () => {
    const refusal = new StatusError('Conflict', 'pod web is another one');
    let connections = 0;
    const settings = { clock: createSystemClock(), directory: pair.here, ignore: [], twoWay: true };
    const connect = async (): Promise<Duplex> => {
      connections += 1;
      if (connections > 1) throw refusal;
      return stream;
    };
    const { stream, cut } = syncedTree(pair.there, pair.staging);
    const session = startSyncOver(settings, connect, new AbortController().signal);
    await session.first;
    cut();
    await assert.rejects(Array.fromAsync(session.changes), refusal);
    assert.ok(isAllIn(pair.here));
  });

  for (const twoWay of [false, true]) {
    it(`removes there what was deleted here while the device started anew, ${twoWay ? 'two ways' : 'one way'}`, async () => {
      await pair.start({ twoWay }).first;
      await apart(() => {
        pair.bootId = 'second boot';
        rmSync(join(pair.here, 'src/b'));
        writeFileSync(join(pair.here, 'a'), 'changed here');
      });
      await until(
        'the end of b',
        () => !existsSync(join(pair.there, 'src/b')) && textOf(pair.there, 'a') === 'changed here',
      );
      assert.equal(existsSync(join(pair.here, 'src/b')), false);
      assert.deepEqual(readdirSync(pair.there).sort(), ['a', 'src']);
    });
  }
});
