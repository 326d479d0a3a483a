import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunChild } from '../../../host/run-child.ts';
import { FakeClock } from '../../../testing/fake-clock.ts';
import { settle } from '../../../testing/settle.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { SyncedImages } from './synced-images.ts';

const signal = new AbortController().signal;

const syncedWith = (runChild: RunChild): SyncedImages =>
  new SyncedImages({
    grpc: {} as GrpcClient,
    clock: new FakeClock(),
    runChild,
    root: '/r',
    sandboxImageId: async () => undefined,
  });

describe('flushing the file system of images', () => {
  it('serves with one run all who asked before it began, and with the next who asked while it ran', async () => {
    const runs: (() => void)[] = [];
    const runChild: RunChild = async () => {
      await new Promise<void>((resolve) => runs.push(resolve));
      return { exitCode: 0, stdout: '', stderr: '' };
    };
    const synced = syncedWith(runChild);
    const done: string[] = [];
    const flush = (name: string) => synced.flush(signal).then(() => void done.push(name));
    const asked = [flush('a'), flush('b')];
    await settle();
    asked.push(flush('c'), flush('d'));
    await settle();
    assert.equal(runs.length, 1);
    runs[0]?.();
    await settle();
    assert.deepEqual(done, ['a', 'b']);
    assert.equal(runs.length, 2);
    runs[1]?.();
    await Promise.all(asked);
    assert.deepEqual(done, ['a', 'b', 'c', 'd']);
    assert.equal(runs.length, 2);
  });

  it('does not end for others when one of them gives up, and starts anew after a failure', async () => {
    const exitCodes = [1, 0];
    const gate = Promise.withResolvers<void>();
    const runChild: RunChild = async () => {
      await gate.promise;
      return { exitCode: exitCodes.shift() ?? 0, stdout: '', stderr: 'bad disk' };
    };
    const synced = syncedWith(runChild);
    const abort = new AbortController();
    const given = synced.flush(abort.signal);
    const kept = synced.flush(signal);
    abort.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
    gate.resolve();
    await assert.rejects(kept, /cannot flush \/r to disk: bad disk/);
    await synced.flush(signal);
  });
});
