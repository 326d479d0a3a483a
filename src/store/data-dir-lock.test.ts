import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { lockDataDir } from './data-dir-lock.ts';

const holder = join(import.meta.dirname, '../testing/lock-holder.ts');

describe('the lock of a data directory', () => {
  let directory: string;
  let children: ChildProcess[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'eliot-lock-'));
  });

  afterEach(async () => {
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null) await kill(child, 'SIGKILL');
    children = [];
    rmSync(directory, { recursive: true });
  });

  async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async function startHolder(): Promise<{ readonly child: ChildProcess; readonly said: string }> {
    const child = spawn(process.execPath, [holder, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [said] = await once(child.stdout, 'data');
    return { child, said: String(said).trim() };
  }

  it('refuses a second process with a clear sentence', async () => {
    const first = await startHolder();
    assert.equal(first.said, 'held');
    const second = await startHolder();
    assert.equal(
      second.said,
      `data directory ${directory} is in use by another eliotd; stop that one, or choose another with --data-dir`,
    );
    assert.throws(() => lockDataDir(directory), /is in use by another eliotd/);
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`is free again after ${signal} of its holder`, async () => {
      const { child } = await startHolder();
      await kill(child, signal);
      lockDataDir(directory).release();
    });
  }

  it('makes no file but its own, so that it can be taken on a full disk', () => {
    const lock = lockDataDir(directory);
    assert.deepEqual(readdirSync(directory), ['lock']);
    assert.equal(statSync(join(directory, 'lock')).size, 0);
    lock.release();
  });

  it('refuses a second time in the same process, until it is released', () => {
    const lock = lockDataDir(directory);
    assert.throws(() => lockDataDir(directory), /is in use by another eliotd/);
    lock.release();
    lock.release();
    lockDataDir(directory).release();
  });

  it('writes nothing', () => {
    const lock = lockDataDir(directory);
    assert.equal(statSync(join(directory, 'lock')).size, 0);
    lock.release();
  });

  it('says what is wrong with a directory that does not exist', () => {
    assert.throws(() => lockDataDir(join(directory, 'missing')), /unable to open database file/);
  });
});
