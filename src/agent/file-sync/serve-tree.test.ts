import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { encodeRecipe } from '../../api/sync/chunk-recipe.ts';
import { dataFrame, FrameReader, jsonFrame } from '../../api/sync/frames.ts';
import { syncedTree } from '../../testing/sync-pair.ts';

/** Clients that do not keep to the language, or lie. */
describe('the device', () => {
  let base: string;
  let root: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'eliot-serve-'));
    root = join(base, 'root');
    mkdirSync(root);
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  /** What the device answers to all of it. */
  async function answersTo(...frames: Buffer[]): Promise<Record<string, unknown>[]> {
    const { stream } = syncedTree(root, join(base, 'staging'));
    stream.end(Buffer.concat(frames));
    const reader = new FrameReader();
    const answers: Record<string, unknown>[] = [];
    for await (const chunk of stream) {
      for (const frame of reader.read(chunk as Buffer)) if (frame.kind === 'json') answers.push(JSON.parse(frame.text));
    }
    return answers;
  }

  const open = jsonFrame({ do: 'open', follow: false, rules: [] });
  const entry = (size: number) => ({ kind: 'file', mode: 0o644, size, mtimeMs: 1 });
  const put = (size: number) => jsonFrame({ do: 'put', n: 1, path: 'a', entry: entry(size) });
  const end = jsonFrame({ do: 'end', n: 1, ok: true });

  for (const [what, frames] of Object.entries({
    'a request before the session is open': [put(1)],
    'a session that is opened twice': [open, open],
    'content of no file': [open, dataFrame(Buffer.from('x'))],
    'another request in the middle of a file': [open, put(1), put(1)],
    'the end of another file': [open, put(1), jsonFrame({ do: 'end', n: 2, ok: true })],
    'the end of no file': [open, end],
    'no JSON': [open, Buffer.from([0, 0, 0, 1, 1, 0x7b])],
    'a recipe of another file': [
      open,
      jsonFrame({ do: 'putChunks', n: 1, path: 'a', entry: entry(10) }),
      dataFrame(encodeRecipe([{ digest: 'a'.repeat(64), bytes: 20 }])),
    ],
  })) {
    it(`ends the session for ${what}`, async () => {
      const answers = await answersTo(...frames);
      assert.deepEqual([answers.at(-1)?.['is'], answers.at(-1)?.['code']], ['fatal', 'Invalid']);
      assert.deepEqual(readdirSync(root), []);
      assert.equal(existsSync(join(base, 'staging')), false);
    });
  }

  it('keeps nothing of a file that is longer or shorter than announced, or not the one', async () => {
    writeFileSync(join(root, 'a'), 'old');
    const chunk = Buffer.from('0123456789');
    const digest = createHash('sha256').update('another').digest('hex');
    for (const frames of [
      [put(1), dataFrame(Buffer.from('xyz')), end],
      [put(5), dataFrame(Buffer.from('xyz')), end],
      [put(3), dataFrame(Buffer.from('xyz')), jsonFrame({ do: 'end', n: 1, ok: false })],
      [
        jsonFrame({ do: 'putChunks', n: 1, path: 'a', entry: entry(10) }),
        dataFrame(encodeRecipe([{ digest, bytes: 10 }])),
        dataFrame(chunk),
        end,
      ],
    ]) {
      const answers = await answersTo(open, ...frames);
      assert.deepEqual([answers.at(-1)?.['is'], answers.at(-1)?.['code']], ['failed', 'Invalid']);
      assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'old');
    }
  });
});
