import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isProcessRunning, processBirth, processPlace } from './process-birth.ts';

describe('a process', () => {
  let child: ChildProcess;
  let pid: number;
  beforeEach(() => {
    child = spawn('sleep', ['1000']);
    pid = child.pid ?? 0;
  });
  afterEach(() => {
    child.kill('SIGKILL');
  });

  it('is known by when it began, as long as it runs', async () => {
    const birth = processBirth(pid) ?? '';
    assert.match(birth, /^[0-9a-f]{8}$/);
    assert.equal(processBirth(pid), birth);
    assert.equal(isProcessRunning(pid, birth), true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(isProcessRunning(pid, birth), false);
  });

  it('is not taken for one that had its number before', () => {
    assert.equal(isProcessRunning(pid, '00000000'), false);
  });

  it('lives in a place that has the same name each time', () => {
    assert.match(processPlace(), /^[0-9a-f]{8}$/);
    assert.equal(processPlace(), processPlace());
  });
});
