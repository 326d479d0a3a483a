import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../testing/settle.ts';
import { createDeviceNodes } from './device-nodes.ts';

describe('device nodes of the machine', () => {
  let dir = '';
  const nodes = createDeviceNodes();
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'eliot-nodes-'));
    for (const name of ['ttyA0', 'ttyA1', 'ttyB0'])
      execFileSync('mknod', ['-m', '660', join(dir, name), 'c', '1', '5']);
    execFileSync('chgrp', ['20', join(dir, 'ttyA1')]);
    await mkdir(join(dir, 'by-id'));
    await symlink('../ttyB0', join(dir, 'by-id/usb-x'));
    await writeFile(join(dir, 'ttyA2'), 'no device');
    await writeFile(join(dir, '.ttyA3'), '');
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const found = async (...patterns: string[]): Promise<string[]> =>
    (await nodes.find(patterns.map((pattern) => join(dir, pattern)))).map(({ path }) => path.slice(dir.length + 1));

  it('are found by patterns, and only those that are devices', async () => {
    assert.deepEqual(await found('ttyA*'), ['ttyA0', 'ttyA1']);
    assert.deepEqual(await found('tty[AB]0'), ['ttyA0', 'ttyB0']);
    assert.deepEqual(await found('ttyA?'), ['ttyA0', 'ttyA1']);
    assert.deepEqual(await found('*'), ['ttyA0', 'ttyA1', 'ttyB0']);
    assert.deepEqual(await found('ttyB0', 'nothing', 'no/where/*', 'tty['), ['ttyB0']);
  });

  it('keep the name of a link, and count once however many patterns lead to them', async () => {
    assert.deepEqual(await found('*/usb-*', 'ttyB0'), ['by-id/usb-x']);
    const [node] = await nodes.find([join(dir, 'by-id/usb-x')]);
    assert.equal(node?.realPath, join(dir, 'ttyB0'));
  });

  it('tell their group and mode', async () => {
    const [node] = await nodes.find([join(dir, 'ttyA1')]);
    assert.equal(node?.gid, 20);
    assert.equal(node?.mode, 0o660);
  });

  /** Watches where `pattern` looks; `tells` does something and waits until it was told, and what belongs to it too. */
  const watching = async (pattern: string, work: (tells: Tells) => Promise<void>): Promise<void> => {
    const stop = new AbortController();
    let told = (): void => {};
    nodes.watch([join(dir, pattern)], () => told(), stop.signal);
    const tells: Tells = async (act) => {
      let isTold = false;
      told = () => {
        isTold = true;
      };
      await act();
      await until(() => isTold, `a word of ${pattern}`);
      await delay(250);
    };
    try {
      await work(tells);
    } finally {
      stop.abort();
    }
  };

  it('are told of when they come and go, also in a directory that came later', () =>
    watching('late/x*', async (tells) => {
      await tells(() => mkdir(join(dir, 'late')));
      await tells(async () => execFileSync('mknod', [join(dir, 'late/x1'), 'c', '1', '5']));
      await tells(() => rm(join(dir, 'late/x1')));
    }));

  it('are told of in a directory that was removed and made anew', () =>
    watching('again/x*', async (tells) => {
      await tells(() => mkdir(join(dir, 'again')));
      await tells(() => rm(join(dir, 'again'), { recursive: true }));
      await tells(() => mkdir(join(dir, 'again')));
      await tells(() => writeFile(join(dir, 'again/x1'), ''));
    }));

  it('are told of when a directory on the way to them is written to all the time', () =>
    watching('way/x*', async (tells) => {
      await tells(() => mkdir(join(dir, 'way')));
      const files = ['a', 'b'].map((name) => openSync(join(dir, name), 'w'));
      await delay(250);
      // Two in turn: the kernel reports what is repeated once.
      for (let round = 0; round < 2_000; round++) writeSync(files[round % 2] ?? 0, '.');
      for (const file of files) closeSync(file);
      await delay(250);
      await tells(() => writeFile(join(dir, 'way/x1'), ''));
    }));
});

/** Does something that must be told. */
type Tells = (act: () => Promise<unknown>) => Promise<void>;
