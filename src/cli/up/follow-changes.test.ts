import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSystemClock } from '../../lib/clock.ts';
import type { OnChange } from '../project/on-change.ts';
import type { SyncChange } from '../sync/change-feed.ts';
import { followChanges } from './follow-changes.ts';

const to = (...paths: readonly string[]): SyncChange => ({ paths, direction: 'toDevice', conflicts: [] });

/** What was done and told for some changes. */
async function follow(onChange: OnChange, isRunning: boolean, ...changes: readonly SyncChange[]): Promise<string[]> {
  const done: string[] = [];
  const feed = (async function* () {
    yield* changes;
  })();
  const runs = { ask: () => void done.push('ask'), isRunning, begun: Promise.resolve() };
  const command = { run: (why: string, words: readonly string[]) => void done.push(`run ${words.join(' ')}: ${why}`) };
  const report = { tell: (_mark: string, text: string) => void done.push(text), show: () => {} };
  const deps = { onChange, runs, command, report, clock: createSystemClock() };
  await followChanges([feed], deps, new AbortController().signal);
  return done;
}

describe('a change', () => {
  const test: OnChange = { kind: 'Run', command: ['npm', 'test'] };

  it('starts the program anew', async () => {
    assert.deepEqual(await follow({ kind: 'Restart' }, true, to('a.js', 'b.js')), [
      'a.js and 1 more changed: the program starts anew',
      'ask',
    ]);
  });

  it('of .eliot.yml changes nothing that goes on', async () => {
    assert.deepEqual(await follow({ kind: 'None' }, true, to('.eliot.yml')), [
      '.eliot.yml counts from the next eli up on',
    ]);
  });

  it('starts nothing when it is not to', async () => {
    assert.deepEqual(await follow({ kind: 'None' }, true, to('a.js')), []);
  });

  it('starts a program that has ended, also when nothing else is to be done', async () => {
    assert.deepEqual(await follow({ kind: 'None' }, false, to('a.js')), [
      'a.js changed: the program starts anew',
      'ask',
    ]);
  });

  it('runs a command beside the program, after its start when it has ended', async () => {
    assert.deepEqual(await follow(test, true, to('a.js')), ['run npm test: a.js changed']);
    assert.deepEqual(await follow(test, false, to('a.js')), [
      'a.js changed: the program starts anew',
      'ask',
      'run npm test: a.js changed',
    ]);
  });

  it('that came from the device is told, and starts nothing', async () => {
    const change: SyncChange = { paths: ['log'], direction: 'toLaptop', conflicts: [] };
    assert.deepEqual(await follow({ kind: 'Restart' }, true, change), ['log came from the device']);
  });

  it('on both sides is told', async () => {
    const change: SyncChange = { paths: ['a'], direction: 'both', conflicts: ['a.conflict'] };
    assert.deepEqual(await follow({ kind: 'None' }, true, change), [
      'a.conflict was kept: it was changed on both sides',
    ]);
  });
});
