/** File sync against a real device: what is saved here is in the container there, and nothing else is touched. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TestDevice } from '../support/device.ts';
import { codeDirectory, codePod, TestSync } from '../support/sync-session.ts';
import { waitFor } from '../support/wait.ts';

describe('a directory that is kept in step with a pod', () => {
  let device: TestDevice;
  let sync: TestSync;
  let there: string;
  before(async () => {
    device = await TestDevice.start();
    await device.create(codePod('web'));
    await device.waitForPhase('web', 'Running');
    there = await codeDirectory(device, 'web');
    sync = new TestSync();
    mkdirSync(sync.path('src/empty'), { recursive: true });
    mkdirSync(sync.path('node_modules/big'), { recursive: true });
    writeFileSync(sync.path('src/main.py'), 'print(1)\n');
    writeFileSync(sync.path('run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(sync.path('node_modules/big/index.js'), 'x');
    writeFileSync(sync.path('.gitignore'), 'node_modules/\n');
    symlinkSync('src/main.py', sync.path('main'));
    await sync.start(device, 'web');
    await sync.session.first;
  });
  after(async () => {
    await sync?.close();
    await device?.close();
  });

  const seen = (name: string, content: string): Promise<boolean> =>
    waitFor(
      `${name} on the device`,
      () => existsSync(join(there, name)) && readFileSync(join(there, name), 'utf8') === content,
      { intervalMs: 2, timeoutMs: 10_000 },
    );
  const gone = (name: string): Promise<boolean> =>
    waitFor(`the end of ${name}`, () => lstatSync(join(there, name), { throwIfNoEntry: false }) === undefined, {
      intervalMs: 2,
      timeoutMs: 10_000,
    });

  it('is in the container when the first sync is done, without what is ignored', async () => {
    const { stdout } = await device.kubectlOk(['exec', 'web', '--', 'sh', '-c', 'cd /code; find . | sort; cat main']);
    assert.deepEqual(stdout.trim().split('\n'), [
      '.',
      './.gitignore',
      './main',
      './run.sh',
      './src',
      './src/empty',
      './src/main.py',
      'print(1)',
    ]);
    assert.equal(lstatSync(join(there, 'run.sh')).mode & 0o777, 0o755);
    const [here, away] = [sync.path('src/main.py'), join(there, 'src/main.py')].map((path) => lstatSync(path).mtimeMs);
    assert.equal(away, Math.round(here ?? 0));
  });

  it('follows what is saved, renamed, deleted, linked and made executable', async () => {
    writeFileSync(sync.path('src/main.py'), 'print(2)\n');
    await seen('src/main.py', 'print(2)\n');
    // As editors save: beside it, then in its place.
    writeFileSync(sync.path('src/.main.py.swp'), 'print(3)\n');
    renameSync(sync.path('src/.main.py.swp'), sync.path('src/main.py'));
    await seen('src/main.py', 'print(3)\n');
    await gone('src/.main.py.swp');
    renameSync(sync.path('src'), sync.path('lib'));
    await seen('lib/main.py', 'print(3)\n');
    await gone('src');
    rmSync(sync.path('main'));
    symlinkSync('lib/main.py', sync.path('main'));
    await waitFor('the link', () => readlinkSync(join(there, 'main')) === 'lib/main.py', { intervalMs: 2 });
    chmodSync(sync.path('lib/main.py'), 0o700);
    await waitFor('the mode', () => (lstatSync(join(there, 'lib/main.py')).mode & 0o777) === 0o700, { intervalMs: 2 });
    rmSync(sync.path('lib'), { recursive: true });
    await gone('lib');
    assert.ok(sync.changes.some(({ paths }) => paths.includes('lib/main.py')));
  });

  it('leaves alone what the container makes, also in a directory that goes here', async () => {
    mkdirSync(sync.path('pkg'));
    writeFileSync(sync.path('pkg/a.py'), 'a');
    await seen('pkg/a.py', 'a');
    await device.kubectlOk(['exec', 'web', '--', 'sh', '-c', 'echo made > /code/pkg/made; echo log > /code/app.log']);
    rmSync(sync.path('pkg'), { recursive: true });
    await gone('pkg/a.py');
    assert.equal(readFileSync(join(there, 'pkg/made'), 'utf8'), 'made\n');
    assert.equal(readFileSync(join(there, 'app.log'), 'utf8'), 'log\n');
  });

  it('brings back what the container makes, when it goes both ways', async () => {
    const both = new TestSync();
    try {
      await device.create(codePod('both'));
      await device.waitForPhase('both', 'Running');
      writeFileSync(both.path('.gitignore'), '*.pyc\n');
      await both.start(device, 'both', { twoWay: true });
      await both.session.first;
      const made =
        'mkdir /code/out && echo built > /code/out/app && echo x > /code/out/app.pyc && ln -s app /code/out/latest';
      await device.kubectlOk(['exec', 'both', '--', 'sh', '-c', made]);
      const link = both.path('out/latest');
      await waitFor('out', () => existsSync(both.path('out/app')) && lstatSync(link).isSymbolicLink(), {
        intervalMs: 5,
      });
      assert.equal(readFileSync(both.path('out/app'), 'utf8'), 'built\n');
      assert.equal(existsSync(both.path('out/app.pyc')), false);
      await device.kubectlOk(['exec', 'both', '--', 'sh', '-c', 'rm /code/out/latest; echo again > /code/out/app']);
      await waitFor('the change', () => readFileSync(both.path('out/app'), 'utf8') === 'again\n' && !existsSync(link));
    } finally {
      await both.close();
    }
  });

  it('goes on when eliotd was killed, with what was changed meanwhile', async () => {
    await device.stopDaemon('SIGKILL');
    writeFileSync(sync.path('run.sh'), 'while it was away\n');
    rmSync(sync.path('main'));
    await device.startDaemon();
    await seen('run.sh', 'while it was away\n');
    await gone('main');
    assert.equal(readFileSync(join(there, 'app.log'), 'utf8'), 'log\n');
    assert.ok(sync.states.some(({ kind }) => kind === 'reconnecting'));
  });
});
