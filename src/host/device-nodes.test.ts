import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
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

  it('are told of when they come and go, also in a directory that came later', async () => {
    const stop = new AbortController();
    let told = Promise.withResolvers<void>();
    nodes.watch([join(dir, 'late/x*')], () => told.resolve(), stop.signal);
    await mkdir(join(dir, 'late'));
    await told.promise;
    told = Promise.withResolvers();
    execFileSync('mknod', [join(dir, 'late/x1'), 'c', '1', '5']);
    await told.promise;
    told = Promise.withResolvers();
    await rm(join(dir, 'late/x1'));
    await told.promise;
    stop.abort();
  });

  it('are told of in a directory that was removed and made anew', async () => {
    const stop = new AbortController();
    let told = Promise.withResolvers<void>();
    nodes.watch([join(dir, 'again/x*')], () => told.resolve(), stop.signal);
    /** Does something and waits until it was told, and what belongs to it too. */
    const tells = async (act: () => Promise<unknown>): Promise<void> => {
      told = Promise.withResolvers();
      await act();
      await told.promise;
      await delay(250);
    };
    await tells(() => mkdir(join(dir, 'again')));
    await tells(() => rm(join(dir, 'again'), { recursive: true }));
    await tells(() => mkdir(join(dir, 'again')));
    await tells(() => writeFile(join(dir, 'again/x1'), ''));
    stop.abort();
  });
});
