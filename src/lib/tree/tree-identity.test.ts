import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { treeIdentity } from './tree-identity.ts';

describe('the identity of a tree', () => {
  let base: string;
  let root: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'eliot-identity-'));
    root = join(base, 'root');
    mkdirSync(root);
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('stays while files come and go', () => {
    const before = treeIdentity(root, 'a boot');
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'f'), 'x');
    rmSync(join(root, 'f'));
    assert.equal(treeIdentity(root, 'a boot'), before);
  });

  it('is another one after the machine has started anew, elsewhere, and of a directory that was made anew', () => {
    const seen = new Set([treeIdentity(root, 'a boot'), treeIdentity(root, 'another'), treeIdentity(base, 'a boot')]);
    renameSync(root, `${root}-before`);
    mkdirSync(root);
    seen.add(treeIdentity(root, 'a boot'));
    assert.equal(seen.size, 4);
  });

  it('is none where nobody knows when the machine has started', () => {
    assert.equal(treeIdentity(root, ''), undefined);
  });
});
