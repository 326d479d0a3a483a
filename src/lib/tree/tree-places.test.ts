import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { digestFile } from './read-file.ts';
import { TreePlaces } from './tree-places.ts';

for (const byHandle of [true, false]) {
  describe(`places of a tree ${byHandle ? 'by handles' : 'by names'}`, () => {
    let root: string;
    let places: TreePlaces;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'eliot-places-'));
      places = new TreePlaces(root, { byHandle });
    });
    afterEach(() => {
      places.close();
      rmSync(root, { recursive: true, force: true });
    });

    it('are opened when they are files, and else not even to be looked at', async () => {
      writeFileSync(join(root, 'file'), 'abc');
      mkdirSync(join(root, 'directory'));
      symlinkSync('file', join(root, 'link'));
      execFileSync('mkfifo', [join(root, 'fifo')]);
      // To open a socket fails in a way of its own, and so does a device that has no driver: whoever tries is found out.
      const server = createServer().listen(join(root, 'socket'));
      await once(server, 'listening');
      const isRoot = process.getuid?.() === 0;
      if (isRoot) execFileSync('mknod', [join(root, 'device'), 'c', '511', '511']);
      try {
        assert.equal((await digestFile(places, 'file')).entry.size, 3);
        const others = ['directory', 'link', 'fifo', 'socket', 'missing', ...(isRoot ? ['device'] : [])];
        for (const name of others) {
          assert.throws(() => places.openFile(name), { code: 'Changed' }, name);
          await assert.rejects(digestFile(places, name), { code: 'Changed' }, name);
        }
      } finally {
        server.close();
      }
    });
  });
}
