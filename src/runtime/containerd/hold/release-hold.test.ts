import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSystemClock } from '../../../lib/clock.ts';
import { holdName, holdProgramIn } from './held-container.ts';
import { releaseHold } from './release-hold.ts';

const assets = resolve(import.meta.dirname, '../../../../assets');

describe('a program that is held', () => {
  let directory: string;
  const children: ChildProcess[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-hold-'));
    await copyFile(holdProgramIn(assets), join(directory, holdName));
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  /** A process of this program, which says `begun` and then reads until its input ends. */
  const start = async (name: string, isHeld: boolean): Promise<ChildProcess> => {
    const program = join(directory, name);
    await writeFile(program, '#!/bin/sh\necho begun\nread end\n', { mode: 0o755 });
    const [file = '', ...args] = isHeld ? [join(directory, holdName), program] : [program];
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    await once(child, 'spawn');
    return child;
  };
  /** Lets it go on; resolves with how often it was told to. */
  const release = async ({ pid = 0, stdin }: ChildProcess): Promise<number> => {
    let told = 0;
    const send = async (bytes: Uint8Array): Promise<void> => {
      told += 1;
      stdin?.write(bytes);
    };
    await releaseHold({ pid, send }, createSystemClock(), AbortSignal.timeout(3_000));
    return told;
  };
  const end = async (child: ChildProcess): Promise<void> => {
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  };

  for (const name of ['app', 'runcmd', 'crunch.sh', 'exe', 'runc', 'crun']) {
    it(`begins when it is told, also one called ${name}`, async () => {
      const child = await start(name, true);
      assert.equal(await release(child), 1);
      const [output] = (await once(child.stdout ?? assert.fail('no output'), 'data')) as [Buffer];
      assert.equal(output.toString(), 'begun\n');
      await end(child);
    });
  }

  for (const name of ['runcmd', 'crunch.sh', 'exe']) {
    it(`has begun when somebody joins it a second time, also one called ${name}`, async () => {
      const child = await start(name, false);
      await once(child.stdout ?? assert.fail('no output'), 'data');
      assert.equal(await release(child), 0);
      await end(child);
    });
  }

  it('needs nothing more when it has ended', async () => {
    const child = await start('app', false);
    await end(child);
    assert.equal(await release(child), 0);
  });
});
