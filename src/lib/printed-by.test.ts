import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { printedBy } from './printed-by.ts';

const signal = new AbortController().signal;
const read = async (...command: string[]): Promise<string> =>
  Buffer.concat((await Array.fromAsync(printedBy(spawn, command, signal))) as Buffer[]).toString();

describe('what a program prints', () => {
  it('comes as it is', async () => assert.equal(await read('printf', 'a\\0b'), 'a\0b'));

  it('ends with what was said on stderr when the program fails', async () => {
    await assert.rejects(
      read('sh', '-c', 'echo part; echo "no such image" >&2; exit 3'),
      /sh -c failed: no such image/,
    );
    await assert.rejects(read('sh', '-c', 'exit 3'), /sh -c failed: exit code 3/);
  });

  it('is an error of its own when there is no such program', async () => {
    await assert.rejects(read('no-such-program-of-any-name'), { code: 'ENOENT' });
  });

  it('ends the program when nobody reads on, or it is aborted', async () => {
    const endless = printedBy(spawn, ['yes'], signal);
    for await (const _piece of endless) break;
    const stop = new AbortController();
    const stopped = printedBy(spawn, ['sleep', '100'], stop.signal);
    const ended = Array.fromAsync(stopped);
    setTimeout(() => stop.abort(), 50);
    await assert.rejects(ended, { name: 'AbortError' });
  });
});
