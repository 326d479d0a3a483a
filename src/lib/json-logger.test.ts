import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createJsonLogger, describeError } from './json-logger.ts';

describe('the daemon log', () => {
  it('writes one JSON line a message, at once, from its level up', () => {
    const directory = mkdtempSync(join(tmpdir(), 'eliot-log-'));
    const fd = openSync(join(directory, 'log'), 'w');
    try {
      const log = createJsonLogger('info', fd).child({ pod: 'default/web' });
      log.debug('not seen');
      log.warn('start failed', { attempt: 2, error: new Error('outer', { cause: new Error('inner') }) });
      const lines = readFileSync(join(directory, 'log'), 'utf8').trimEnd().split('\n');
      const { time, ...line } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
      assert.equal(lines.length, 1);
      assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
      assert.deepEqual(line, {
        level: 'warn',
        pod: 'default/web',
        attempt: 2,
        error: 'outer: inner',
        message: 'start failed',
      });
    } finally {
      closeSync(fd);
      rmSync(directory, { recursive: true });
    }
  });

  it('loses lines, and nothing else, when they cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const log = createJsonLogger('info', full);
    log.info('no space left');
    await nextTurn();
    log.info('still none');
    await nextTurn();
    closeSync(full);
  });

  it('describes an error with its causes, bounded', () => {
    const loop = new Error('a');
    loop.cause = loop;
    assert.equal(describeError(loop), 'a: a: a: a: a');
    assert.equal(describeError('text'), 'text');
  });
});
