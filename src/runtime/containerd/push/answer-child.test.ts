import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { ChildRequest } from '../../../api/image-push/exchange.ts';
import { answerChild } from './answer-child.ts';

describe('the image child', () => {
  it('leaves what others have begun, however old the clock says that it is', async () => {
    const spool = mkdtempSync(join(tmpdir(), 'eliot-child-'));
    try {
      // Made before the clock was set; another child may be writing there.
      mkdirSync(join(spool, 'f'.repeat(64)));
      utimesSync(join(spool, 'f'.repeat(64)), 1, 1);
      const request: ChildRequest = {
        kind: 'Push',
        push: { image: 'web:1', configuration: 'e30=', layers: [] },
        world: { socketPath: join(spool, 'none.sock'), root: spool, spool, architectures: ['amd64'] },
      };
      const line = Buffer.from(`${JSON.stringify(request)}\n`);
      const answer = await answerChild(Readable.from([line]), new AbortController().signal);
      assert.ok('reason' in answer);
      assert.deepEqual(readdirSync(spool), ['f'.repeat(64)]);
    } finally {
      rmSync(spool, { recursive: true });
    }
  });
});
