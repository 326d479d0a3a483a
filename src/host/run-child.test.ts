import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import { runChild } from './run-child.ts';

describe('a short-lived child', () => {
  const signal = new AbortController().signal;

  it('gives its output and exit code', async () => {
    const result = await runChild('sh', ['-c', 'cat; echo bad >&2; exit 3'], signal, { input: 'hello' });
    assert.deepEqual(result, { exitCode: 3, stdout: 'hello', stderr: 'bad\n' });
  });

  it('may end without reading its input', async () => {
    assert.equal((await runChild('true', [], signal, { input: 'x'.repeat(1 << 20) })).exitCode, 0);
  });

  it('has our environment, and what is said in place of it', async () => {
    const env = { ELIOT_TEST: 'said', MALLOC_TRIM_THRESHOLD_: '1' };
    const { stdout } = await runChild('sh', ['-c', 'echo $ELIOT_TEST $MALLOC_TRIM_THRESHOLD_ $PATH'], signal, { env });
    assert.equal(stdout, `said 1 ${process.env['PATH']}\n`);
  });

  it('that is not installed is NotFound', async () => {
    await assert.rejects(runChild('no-such-program', [], signal), (error) => isStatusError(error, 'NotFound'));
  });

  it('that takes too long is killed', async () => {
    const running = runChild('sleep', ['60'], signal, { timeoutMs: 20 });
    await assert.rejects(running, (error) => isStatusError(error, 'Timeout'));
  });

  it('that prints too much is killed', async () => {
    await assert.rejects(runChild('yes', [], signal, { maxOutputBytes: 1000 }), /printed more than 1000 bytes/);
  });

  it('ends with the reason of the abort', async () => {
    const abort = new AbortController();
    const running = runChild('sleep', ['60'], abort.signal);
    abort.abort(new Error('going down'));
    await assert.rejects(running, /going down/);
  });
});
