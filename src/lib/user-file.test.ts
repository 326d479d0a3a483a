import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createUserFile, writeUserFile } from './user-file.ts';

describe('a file of the person who runs a program', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'eliot-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  it('is made with the directories above it, for its owner alone', async () => {
    const path = join(home, 'a/b/file');
    await writeUserFile(path, 'secret', 0o600);
    assert.equal(readFileSync(path, 'utf8'), 'secret');
    assert.equal(modeOf(path), 0o600);
    assert.equal(modeOf(join(home, 'a')), 0o700);
  });

  it('becomes narrower when it was open to others', async () => {
    const path = join(home, 'file');
    writeFileSync(path, 'old', { mode: 0o644 });
    await writeUserFile(path, 'new', 0o600);
    assert.equal(modeOf(path), 0o600);
  });

  it('is replaced where a link leads to, and the link stays', async () => {
    const [target, link] = [join(home, 'dotfiles'), join(home, 'link')];
    writeFileSync(target, 'old');
    symlinkSync(target, link);
    await writeUserFile(link, 'new', 0o600);
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(target, 'utf8'), 'new');
  });

  it('is not there already because a file stands where its directory would be', async () => {
    const path = join(home, 'file');
    writeFileSync(path, '');
    await assert.rejects(createUserFile(join(path, 'lock')), { code: 'ENOTDIR', message: `${path} is no directory` });
    await assert.rejects(writeUserFile(join(path, 'a/b'), '', 0o600), { code: 'ENOTDIR' });
  });

  it('is created once', async () => {
    const path = join(home, 'a/lock');
    await createUserFile(path);
    await assert.rejects(createUserFile(path), { code: 'EEXIST' });
  });
});
