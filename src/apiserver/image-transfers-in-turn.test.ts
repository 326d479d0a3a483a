import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { StatusError } from '../lib/status-error.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { noTransfers } from '../testing/no-transfers.ts';
import { settle } from '../testing/settle.ts';
import { importInTurn } from './image-transfers-in-turn.ts';

const signal = new AbortController().signal;
const mayName = async (): Promise<void> => {};

/** Transfers whose imports end with their archives. */
function inTurn() {
  const clock = new FakeClock();
  const begun: string[] = [];
  const transfers = importInTurn(
    {
      ...noTransfers,
      importArchive: async (archive) => {
        let text = '';
        begun.push('');
        const at = begun.length - 1;
        for await (const piece of archive) {
          text += piece;
          begun[at] = text;
        }
        return [text];
      },
    },
    clock,
  );
  return { clock, begun, transfers };
}

/** An archive of which something has come. */
function begin(text: string): Readable {
  const archive = new Readable({ read() {} });
  archive.push(text);
  return archive;
}

describe('archives that are loaded', () => {
  it('come as they are', async () => {
    const { transfers, clock } = inTurn();
    const archive = begin('half, ');
    const loaded = transfers.importArchive(archive, signal, mayName);
    await settle();
    clock.advance(59_000);
    archive.push('half');
    await settle();
    clock.advance(59_000);
    archive.push(null);
    assert.deepEqual(await loaded, ['half, half']);
    assert.equal(clock.sleeping, 0);
  });

  it('are given up when nothing of them comes, and their connection is left for the answer', async () => {
    const { transfers, clock } = inTurn();
    const archive = begin('half');
    const loaded = transfers.importArchive(archive, signal, mayName);
    await settle();
    clock.advance(60_000);
    await assert.rejects(loaded, { reason: 'Timeout', message: 'nothing of the body came for 60 s' });
    assert.ok(!archive.destroyed);
  });

  it('are two at once; a third one waits for a place, and is told when there is none', async () => {
    const { transfers, clock, begun } = inTurn();
    const archives = [begin('1'), begin('2'), begin('3'), begin('4')] as const;
    const loaded = archives.slice(0, 3).map((archive) => transfers.importArchive(archive, signal, mayName));
    await settle();
    assert.deepEqual(begun, ['1', '2']);
    archives[0].push(null);
    assert.deepEqual(await loaded[0], ['1']);
    await settle();
    assert.deepEqual(begun, ['1', '2', '3']);
    const late = assert.rejects(transfers.importArchive(archives[3], signal, mayName), {
      reason: 'TooManyRequests',
      message: 'the device is busy with other archives',
      details: { retryAfterSeconds: 5 },
    });
    await settle();
    clock.advance(20_000);
    await late;
    for (const archive of archives) archive.push(null);
    assert.deepEqual(await Promise.all(loaded), [['1'], ['2'], ['3']]);
    assert.equal(clock.sleeping, 0);
  });

  it('that are refused say why', async () => {
    const refuse = async (): Promise<never> => Promise.reject(new StatusError('Invalid', 'no archive'));
    const transfers = importInTurn({ ...noTransfers, importArchive: refuse }, new FakeClock());
    await assert.rejects(transfers.importArchive(begin('x'), signal, mayName), { reason: 'Invalid' });
  });
});
