import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLogger } from '../../lib/logger.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { settle } from '../../testing/settle.ts';
import { AuditLog } from './audit-log.ts';

describe('the log of who did what', () => {
  let clock: FakeClock;
  let contents: Map<string, string>;
  let writes: number;
  let failure: Error | undefined;
  let auditLog: AuditLog;
  let stop: AbortController;
  let ended: Promise<void>;

  function start(maxBytes = 1_000, maxBackups = 1): void {
    auditLog = new AuditLog({
      clock,
      log: silentLogger,
      path: '/a.log',
      maxBytes,
      maxBackups,
      files: {
        append: async (path, text) => {
          writes += 1;
          if (failure) throw failure;
          contents.set(path, (contents.get(path) ?? '') + text);
        },
        size: async (path) => Buffer.byteLength(contents.get(path) ?? ''),
        rename: async (from, to) => {
          const text = contents.get(from);
          if (text === undefined) return;
          contents.delete(from);
          contents.set(to, text);
        },
        remove: async (path) => {
          contents.delete(path);
        },
      },
    });
    ended = auditLog.run(stop.signal);
  }

  beforeEach(() => {
    clock = new FakeClock();
    contents = new Map();
    writes = 0;
    failure = undefined;
    stop = new AbortController();
  });
  afterEach(() => stop.abort());

  const pass = async (ms: number): Promise<void> => {
    await settle();
    clock.advance(ms);
    await settle();
  };

  it('writes what comes within a second together, and nothing while nothing comes', async () => {
    start();
    for (let count = 0; count < 50; count += 1) auditLog.record({ count });
    await settle();
    assert.equal(writes, 0);
    await pass(1_000);
    assert.equal(writes, 1);
    assert.equal(contents.get('/a.log')?.split('\n').length, 51);
    await pass(3_600_000);
    assert.equal(writes, 1);
  });

  it('is rotated by size, and keeps no more than it may', async () => {
    start(100, 2);
    for (let count = 0; count < 9; count += 1) {
      auditLog.record({ count, text: 'x'.repeat(60) });
      await pass(1_000);
    }
    assert.deepEqual([...contents.keys()].sort(), ['/a.log', '/a.log.1', '/a.log.2']);
    const counts = ['/a.log.2', '/a.log.1', '/a.log'].map((path) => JSON.parse(contents.get(path) ?? '').count);
    assert.deepEqual(counts, [6, 7, 8]);
  });

  it('begins anew when no rotated file is wanted', async () => {
    start(100, 0);
    for (let count = 0; count < 3; count += 1) {
      auditLog.record({ count, text: 'x'.repeat(60) });
      await pass(1_000);
    }
    assert.deepEqual([...contents.keys()], ['/a.log']);
  });

  it('waits for a disk that is full, keeps what is newest, and says how much was lost', async () => {
    start(10_000_000);
    failure = new Error('ENOSPC');
    for (let count = 0; count < 700; count += 1) auditLog.record({ count });
    await pass(1_000);
    for (let count = 700; count < 1_300; count += 1) auditLog.record({ count });
    await pass(60_000);
    failure = undefined;
    await pass(60_000);
    const lines = (contents.get('/a.log') ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(lines[0].annotations, { 'audit.eliot.run/lost': '300' });
    assert.deepEqual([lines[1].count, lines.at(-1).count, lines.length], [300, 1_299, 1_001]);
  });

  it('writes what is left when it stops', async () => {
    start();
    auditLog.record({ last: true });
    stop.abort();
    await ended;
    assert.equal(contents.get('/a.log'), '{"last":true}\n');
  });
});
