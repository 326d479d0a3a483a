import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openInside, pathOf } from './open-inside.ts';

describe('a path inside a volume', () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'open-inside-')));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const place = async (path: string): Promise<string> => {
    const handle = await openInside(root, path);
    try {
      return await readlink(pathOf(handle));
    } finally {
      await handle.close();
    }
  };

  it('is found, the volume itself included', async () => {
    mkdirSync(join(root, 'a/b'), { recursive: true });
    assert.equal(await place('a//./b/'), join(root, 'a/b'));
    assert.equal(await place('.'), root);
  });

  it('is made with the mode of the volume where it is missing', async () => {
    chmodSync(root, 0o2777);
    assert.equal(await place('new/deep'), join(root, 'new/deep'));
    for (const name of ['new', 'new/deep']) assert.equal(statSync(join(root, name)).mode & 0o7777, 0o2777);
  });

  it('may be a file, and may lead through links that stay inside', async () => {
    mkdirSync(join(root, '..2026'));
    writeFileSync(join(root, '..2026/file'), 'text');
    symlinkSync('..2026', join(root, '..data'));
    symlinkSync('..data/file', join(root, 'file'));
    const handle = await openInside(root, 'file');
    try {
      assert.equal(await readFile(pathOf(handle), 'utf8'), 'text');
    } finally {
      await handle.close();
    }
  });

  for (const path of ['../x', 'a/../../x', '/etc', '..']) {
    it(`is refused when it is ${path}`, async () => {
      await assert.rejects(openInside(root, path), /leaves its volume/);
    });
  }

  for (const target of ['/etc', '..', '../..']) {
    it(`is refused when a link leads to ${target}`, async () => {
      symlinkSync(target, join(root, 'out'));
      await assert.rejects(openInside(root, 'out'), /leaves its volume by a symbolic link/);
      await assert.rejects(openInside(root, 'out/made'), /leaves its volume by a symbolic link/);
    });
  }

  it('is refused when a link leads to nothing outside, and nothing is made there', async () => {
    const outside = `${root}-outside`;
    symlinkSync(outside, join(root, 'out'));
    await assert.rejects(openInside(root, 'out'));
    assert.throws(() => statSync(outside), /ENOENT/);
  });

  it('never leaves the volume while somebody exchanges a directory for a link', async () => {
    mkdirSync(join(root, 'dir'));
    let isOver = false;
    const swap = (async () => {
      while (!isOver) {
        await rename(join(root, 'dir'), join(root, 'kept'));
        // Where it is missing at this instant, it may be made.
        await symlink('/etc', join(root, 'dir')).catch(() => {});
        await rm(join(root, 'dir'), { recursive: true, force: true });
        await rename(join(root, 'kept'), join(root, 'dir')).catch(() => rm(join(root, 'kept'), { recursive: true }));
      }
    })();
    try {
      for (let turn = 0; turn < 300; turn += 1) {
        const found = await place('dir').catch(() => root);
        assert.ok(found === root || found.startsWith(`${root}/`), found);
      }
    } finally {
      isOver = true;
      await swap;
    }
  });
});
