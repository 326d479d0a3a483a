import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packTar, type TarEntry } from 'modern-tar';
import { ByteReader } from '../byte-reader.ts';
import { isStatusError } from '../status-error.ts';
import { type WalkedEntry, walkTar } from './walk-tar.ts';

async function walk(data: Uint8Array, pieceBytes = 700): Promise<WalkedEntry[]> {
  const pieces = function* (): Generator<Uint8Array> {
    for (let start = 0; start < data.length; start += pieceBytes) yield data.subarray(start, start + pieceBytes);
  };
  return await Array.fromAsync(walkTar(new ByteReader(pieces()), 'the archive'));
}

/** The content of each file, and where each link leads. */
function contentsOf(data: Buffer, entries: readonly WalkedEntry[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => [
      entry.path,
      entry.kind === 'Link' ? `→ ${entry.target}` : data.toString('utf8', entry.offset, entry.offset + entry.sizeBytes),
    ]),
  );
}

const long = `${'directory/'.repeat(20)}${'n'.repeat(120)}`;

describe('a walk through a tar archive', () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'eliot-walk-'));
    mkdirSync(join(directory, long, '..'), { recursive: true });
    writeFileSync(join(directory, 'short'), 'one');
    writeFileSync(join(directory, long), 'two');
    symlinkSync('../short', join(directory, 'directory/symbolic'));
    symlinkSync('/short', join(directory, 'absolute'));
    symlinkSync(long, join(directory, 'far'));
    linkSync(join(directory, 'short'), join(directory, 'tied'));
  });
  after(() => rmSync(directory, { recursive: true }));

  for (const format of ['gnu', 'pax']) {
    it(`finds files and links under names of any length, as GNU tar writes them (${format})`, async () => {
      const names = ['short', 'directory', 'absolute', 'far', 'tied'].map((name) => `./${name}`);
      const data = execFileSync('tar', ['-c', `--format=${format}`, '-C', directory, ...names]);
      for (const pieceBytes of [1_000_000, 512, 100]) {
        assert.deepEqual(contentsOf(data, await walk(data, pieceBytes)), {
          short: 'one',
          [long]: 'two',
          'directory/symbolic': '→ short',
          absolute: '→ short',
          far: `→ ${long}`,
          tied: '→ short',
        });
      }
    });
  }

  it('leads nowhere out of the archive', async () => {
    const entries: TarEntry[] = [
      { header: { name: '../../a//./b', size: 1 }, body: 'x' },
      { header: { name: 'c', size: 0, type: 'symlink', linkname: '../../../etc/passwd' } },
    ];
    const data = Buffer.from(await packTar(entries));
    assert.deepEqual(contentsOf(data, await walk(data)), { 'a/b': 'x', c: '→ etc/passwd' });
  });

  it('needs no end of the archive, and nothing behind it', async () => {
    const data = Buffer.from(await packTar([{ header: { name: 'a', size: 600 }, body: Buffer.alloc(600, 'a') }]));
    const [whole] = await walk(data);
    assert.deepEqual(await walk(data.subarray(0, 3 * 512)), [whole]);
    assert.deepEqual(await walk(data.subarray(0, 512 + 600)), [whole]);
    assert.deepEqual(await walk(Buffer.concat([data, Buffer.from('more')])), [whole]);
  });

  it('says what is no archive, damaged or cut, and where', async () => {
    const data = Buffer.from(
      await packTar([
        { header: { name: 'a', size: 5 }, body: 'hello' },
        { header: { name: long, size: 5 }, body: 'hello' },
      ]),
    );
    const damaged = Buffer.from(data);
    damaged[1024] = 0x7f;
    for (const [broken, message] of [
      [Buffer.alloc(0), /^the archive is no tar archive$/],
      [Buffer.alloc(5_000, 7), /^the archive is no tar archive$/],
      [damaged, /^the archive is damaged at byte 1024$/],
      [data.subarray(0, 514), /^the archive ends early, in a: it is damaged$/],
      [data.subarray(0, 1024 + 100), /^the archive ends early: it is damaged$/],
      [data.subarray(0, 1024 + 512 + 10), /^the archive ends early: it is damaged$/],
    ] as const) {
      await assert.rejects(walk(broken), (error) => isStatusError(error, 'Invalid') && message.test(error.message));
    }
  });

  it('ends as its source does', async () => {
    const lost = new Error('the connection was lost');
    const source = {
      readBytes: 0,
      read: () => Promise.reject(lost),
      skip: async () => 0,
    };
    await assert.rejects(Array.fromAsync(walkTar(source, 'the archive')), (error) => error === lost);
  });
});
