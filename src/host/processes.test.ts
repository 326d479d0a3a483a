import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createSystemClock } from '../lib/clock.ts';
import { createProcesses, hasProcess, parseProcess } from './processes.ts';

const processes = createProcesses(createSystemClock());
const { signal } = new AbortController();

const stat = (state: string): string =>
  `42 (a) b (c) ${state} 7 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 123456 1000 10 18446744073709551615`;

describe('processes', () => {
  it('are there until their end was heard of', async () => {
    const child = spawn('sleep', ['1000']);
    await once(child, 'spawn');
    assert.equal(hasProcess(child.pid ?? 0), true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(hasProcess(child.pid ?? 0), false);
  });

  it('are read with a name that holds brackets and spaces', () => {
    assert.deepEqual(parseProcess(42, stat('S'), 'sleep\0' + '5\0'), {
      pid: 42,
      startTicks: '123456',
      parentPid: 7,
      commandLine: ['sleep', '5'],
    });
  });

  it('are gone when only a zombie is left', () => {
    assert.equal(parseProcess(42, stat('Z'), ''), undefined);
  });

  it('are found by id, listed, ended, and then gone', async () => {
    const child = spawn('sleep', ['3600']);
    await once(child, 'spawn');
    const found = await processes.find(child.pid ?? 0);
    assert.ok(found);
    assert.equal(found.parentPid, process.pid);
    assert.ok((await processes.list()).some(({ pid }) => pid === found.pid));
    assert.equal(await processes.waitUntilGone(found, 0, signal), false);
    assert.equal(await processes.kill(found, 'SIGKILL'), true);
    assert.equal(await processes.waitUntilGone(found, 5_000, signal), true);
    assert.equal(await processes.kill(found, 'SIGKILL'), false);
  });

  it('are not mistaken for a later one with the same id', async () => {
    const own = await processes.find(process.pid);
    assert.ok(own);
    const earlier = { pid: own.pid, startTicks: '1' };
    assert.equal(await processes.kill(earlier, 'SIGTERM'), false);
    assert.equal(await processes.waitUntilGone(earlier, 0, signal), true);
  });
});
