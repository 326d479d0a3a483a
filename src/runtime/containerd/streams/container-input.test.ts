import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystemClock } from '../../../lib/clock.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import { Collector } from '../../../testing/runtime-fixtures.ts';
import type { ContainerInput } from '../../runtime.ts';
import { openProcessInput } from './container-input.ts';

describe('the input of a process that its parent feeds', () => {
  const children: ChildProcess[] = [];
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-input-'));
  });
  after(async () => {
    for (const child of children) process.kill(-(child.pid ?? 0), 'SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  interface Fed {
    readonly output: Collector;
    open(): Promise<ContainerInput>;
  }

  /** `program` behind a process that, as the shim does, hands on to it what comes out of a FIFO. */
  const start = async (program: string, shim = 'cat'): Promise<Fed> => {
    const fifo = join(directory, `fifo-${children.length}`);
    execFileSync('mkfifo', [fifo]);
    const script = `exec 9>&1; coproc { echo $BASHPID >&9; exec ${program} >&9; }; exec ${shim} <>${fifo} >&\${COPROC[1]}`;
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    children.push(child);
    const output = new Collector();
    const [first] = (await once(child.stdout ?? assert.fail('no output'), 'data')) as [Buffer];
    child.stdout?.pipe(output);
    const pid = Number(first.toString().trim());
    return { output, open: () => openProcessInput({ pid, fifo, what: 'it' }, createSystemClock()) };
  };
  /** A program that reads nothing until a file is there. */
  const catOnce = (gate: string): string => `sh -c "until [ -e ${gate} ]; do sleep 0.02; done; exec cat"`;
  /** Until opening it says this. */
  const untilRefused = async ({ open }: Fed, reason: 'NotFound' | 'Invalid'): Promise<void> => {
    for (;;) {
      try {
        (await open()).close();
      } catch (error) {
        if (isStatusError(error, reason)) return;
        throw error;
      }
      await sleep(5);
    }
  };
  const untilUnread = async (input: ContainerInput, count: number): Promise<void> => {
    while ((await input.countUnread(() => {})) !== count) await sleep(5);
  };

  it('gets what is written, and tells when nothing is left', async () => {
    const { output, open } = await start('cat');
    const input = await open();
    assert.equal(input.write(Buffer.from('one\n')), true);
    await output.until('one\n');
    assert.equal(await input.countUnread(() => {}), 0);
    input.close();
  });

  it('is counted without being touched', async () => {
    const gate = join(directory, 'counted');
    const { output, open } = await start(catOnce(gate));
    const input = await open();
    input.write(Buffer.from('one\n'));
    await untilUnread(input, 4);
    input.write(Buffer.from('two\n'));
    await untilUnread(input, 8);
    await writeFile(gate, '');
    await output.until('one\ntwo\n');
    assert.equal(await input.countUnread(() => {}), 0);
    input.close();
  });

  it('keeps its mark until something is written, whoever looks', async () => {
    const { open } = await start('sleep 1000');
    const [input, other] = [await open(), await open()];
    input.mark(7);
    assert.deepEqual([input.isMarked(7), input.isMarked(8), other.isMarked(7)], [true, false, true]);
    input.write(Buffer.from('x'));
    assert.equal(other.isMarked(7), false);
    await untilUnread(input, 1);
    input.mark(2 ** 32);
    assert.equal(other.isMarked(2 ** 32), true);
    for (const each of [input, other]) each.close();
  });

  it('takes what fits, a piece whole or not at all; a refusal leaves the mark', async () => {
    const { open } = await start('sleep 1000', 'sleep 1000');
    const input = await open();
    let taken = 0;
    while (input.write(Buffer.alloc(4_096, 'x'))) taken += 4_096;
    assert.equal(taken, 65_536);
    input.mark(9);
    assert.equal(input.write(Buffer.alloc(4_096, 'y')), false);
    assert.equal(input.isMarked(9), true);
    assert.equal(await input.countUnread(() => {}), undefined);
    input.close();
  });

  it('is counted, and arrives in order, also when the shim has bytes in its hands', async () => {
    const gate = join(directory, 'in-hands');
    const { output, open } = await start(catOnce(gate));
    const input = await open();
    const text = Array.from({ length: 9_000 }, (_, index) => String(index).padStart(7, '0'))
      .join('\n')
      .slice(0, 17 * 4_096);
    // In pages, so that its own pipe is full by sixteen however many come at a time, and the last is in the shim's hands.
    for (let at = 0; at < text.length; at += 4_096) {
      while (!input.write(Buffer.from(text.slice(at, at + 4_096)))) await sleep(1);
    }
    await untilUnread(input, text.length);
    await writeFile(gate, '');
    await output.until(text);
    assert.equal(await input.countUnread(() => {}), 0);
    input.close();
  });

  it('still holds what a process did not read when it has ended', async () => {
    const fed = await start('head -c 3');
    const input = await fed.open();
    input.write(Buffer.from('abc'));
    await fed.output.until('abc');
    await untilRefused(fed, 'NotFound');
    input.write(Buffer.from('def'));
    await untilUnread(input, 3);
    assert.deepEqual(await input.takeUnread(), { count: 3, wasFull: false, first: Buffer.from('def') });
    input.close();
  });

  it('still holds all that was on the way to a process that read nothing', async () => {
    const fed = await start('sleep 0.3');
    const input = await fed.open();
    let written = 0;
    while (written < 400_000) {
      if (!input.write(Buffer.alloc(4_096, 'x'))) break;
      written += 4_096;
      await sleep(1);
    }
    await untilRefused(fed, 'NotFound');
    const { count, wasFull, first } = await input.takeUnread();
    // More than a pipe holds when the shim hands on what it has at the moment of the look.
    assert.ok(first.length > 61_000, `${written} written, ${first.length} before the process`);
    assert.deepEqual([count, wasFull], [written, true]);
    input.close();
  });

  for (const [how, writer] of [
    ['all the time', 'cat /dev/zero'],
    ['a little, again and again', 'while echo; do sleep 0.005; done'],
  ] as const) {
    it(`is given up when something of the container writes into it ${how}`, { timeout: 30_000 }, async () => {
      const fed = await start(`bash -c "exec 8<&0; (${writer}) >/proc/self/fd/8 & exec sleep 0.3"`);
      const input = await fed.open();
      await untilRefused(fed, 'NotFound');
      await assert.rejects(input.takeUnread(), (error) => isStatusError(error, 'Invalid'));
      input.close();
    });
  }

  it('is refused when it is something else', async () => {
    const fed = await start('sh -c "exec 0</dev/null; exec sleep 1000"');
    await untilRefused(fed, 'Invalid');
    const noFifo = openProcessInput({ pid: process.pid, fifo: '', what: 'it' }, createSystemClock());
    await assert.rejects(noFifo, (error) => isStatusError(error, 'Invalid'));
    const nobody = openProcessInput({ pid: 2 ** 30, fifo: '/none', what: 'it' }, createSystemClock());
    await assert.rejects(nobody, (error) => isStatusError(error, 'NotFound'));
  });
});
