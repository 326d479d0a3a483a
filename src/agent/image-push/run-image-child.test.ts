import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ChildRequest } from '../../api/image-push/exchange.ts';

const program = fileURLToPath(new URL('../../bin/eliot-images.ts', import.meta.url));

describe('an image child', () => {
  it('ends with the eliotd that started it, which starts others when it is back', { timeout: 30_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'eliot-orphan-'));
    // A containerd that takes a call, and does not answer for long.
    const containerd = createServer(() => {}).listen(join(directory, 'c.sock'));
    const world = { socketPath: join(directory, 'c.sock'), root: directory, spool: join(directory, 'pushes') };
    const request: ChildRequest = {
      kind: 'Layer',
      upload: {
        diffID: `sha256:${'a'.repeat(64)}`,
        sizeBytes: 1,
        recipe: `sha256:${'b'.repeat(64)}`,
        recipeBytes: 1,
        image: 'web:1',
        index: 0,
        offset: 0,
      },
      world: { ...world, architectures: ['amd64'] },
    };
    // The child has our pipe as its stdin, which stays open.
    const script = `exec 3<&0; '${process.execPath}' --disable-warning=ExperimentalWarning '${program}' <&3 & wait`;
    const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      parent.stdin.on('error', () => {});
      parent.stdin.write(`${JSON.stringify(request)}\n`);
      await once(containerd, 'connection');
      const beganMs = performance.now();
      parent.kill('SIGKILL');
      // When the last who writes there has ended.
      parent.stdout.resume();
      await once(parent, 'close');
      // Without it the child waits for containerd.
      assert.ok(performance.now() - beganMs < 5_000);
    } finally {
      parent.stdin.destroy();
      containerd.close();
      await rm(directory, { recursive: true });
    }
  });
});
