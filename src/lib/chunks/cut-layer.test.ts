import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { packTar, type TarEntry } from 'modern-tar';
import { cutLayer, type LayerPiece } from './cut-layer.ts';

interface PackedFile {
  readonly name: string;
  readonly content: Buffer;
}

function pack(files: readonly PackedFile[], mtime: Date): Promise<Uint8Array> {
  const entries: TarEntry[] = files.map(({ name, content }) => ({
    header: { name, size: content.length, type: 'file', mtime },
    body: content,
  }));
  return packTar([{ header: { name: 'app/', size: 0, type: 'directory', mtime } }, ...entries]);
}

async function cut(archive: Uint8Array, pieceBytes = 10_000): Promise<LayerPiece[]> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < archive.length; at += pieceBytes) pieces.push(archive.subarray(at, at + pieceBytes));
  return Array.fromAsync(cutLayer(pieces));
}

/** Writes another size into the first header. */
function setSize(archive: Buffer, sizeBytes: number): void {
  archive.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  archive.write('        ', 148);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

const chunkDigests = (pieces: readonly LayerPiece[]): string[] =>
  pieces.flatMap((piece) => (piece.kind === 'Chunk' ? [piece.digest] : []));

describe('a layer that is cut', () => {
  it('is the same again when the pieces are put together, be it a tar archive or not', async () => {
    const archives = fc.oneof(
      fc.uint8Array({ maxLength: 5_000 }),
      fc
        .array(
          fc.record({ name: fc.stringMatching(/^[a-z]{1,200}$/), content: fc.uint8Array({ maxLength: 40_000 }) }),
          {
            maxLength: 6,
          },
        )
        .chain((files) =>
          fc.record({
            whole: fc.constant(
              packTar(files.map(({ name, content }) => ({ header: { name, size: content.length }, body: content }))),
            ),
            kept: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
        ),
    );
    await fc.assert(
      fc.asyncProperty(archives, fc.integer({ min: 1, max: 5_000 }), async (archive, pieceBytes) => {
        const bytes =
          archive instanceof Uint8Array
            ? archive
            : (await archive.whole).subarray(0, Math.floor((await archive.whole).length * archive.kept));
        const pieces = await cut(bytes, pieceBytes);
        assert.ok(Buffer.concat(pieces.map(({ data }) => data)).equals(bytes));
      }),
      { numRuns: 100 },
    );
  });

  it('has the same chunks when every time stamp is another, and other files came before', async () => {
    const files = ['a', 'b', 'c'].map((name) => ({ name: `app/${name}`, content: randomBytes(300_000) }));
    const before = await cut(await pack(files, new Date(0)));
    const added = { name: 'app/_', content: randomBytes(1_000) };
    const after = await cut(await pack([added, ...files], new Date(1e12)));
    assert.deepEqual(chunkDigests(after).slice(1, 1 + chunkDigests(before).length), chunkDigests(before));
    const literals = (pieces: readonly LayerPiece[]): string =>
      Buffer.concat(pieces.flatMap((piece) => (piece.kind === 'Literal' ? [piece.data] : []))).toString('hex');
    assert.notEqual(literals(before), literals(after));
  });

  it('cuts each small file as one chunk, named by its content alone', async () => {
    const content = Buffer.from('hello');
    const pieces = await cut(await pack([{ name: 'app/hello', content }], new Date(0)));
    assert.equal(chunkDigests(pieces)[0], createHash('sha256').update(content).digest('hex'));
  });

  it('finds contents behind names that are too long for a header', async () => {
    const content = Buffer.from('deep');
    const pieces = await cut(await pack([{ name: `app/${'long/'.repeat(60)}file`, content }], new Date(0)));
    assert.ok(chunkDigests(pieces).includes(createHash('sha256').update(content).digest('hex')));
  });

  it('follows a size that stands in a description, not in the header', async () => {
    const content = randomBytes(2_000);
    const record = '13 size=2000\n';
    const description = await packTar([
      { header: { name: 'pax', size: record.length, type: 'pax-header' }, body: record },
    ]);
    const file = Buffer.from(await packTar([{ header: { name: 'f', size: content.length }, body: content }]));
    setSize(file, 0);
    const pieces = await cut(Buffer.concat([description.subarray(0, 1024), file]));
    assert.ok(chunkDigests(pieces).includes(createHash('sha256').update(content).digest('hex')));
  });

  it('does not take the size of a link for a content', async () => {
    const content = Buffer.from('behind the link');
    const archive = Buffer.from(
      await packTar([
        { header: { name: 'link', size: 0, type: 'symlink', linkname: 'app' } },
        { header: { name: 'f', size: content.length }, body: content },
      ]),
    );
    setSize(archive, 700);
    assert.equal(chunkDigests(await cut(archive))[0], createHash('sha256').update(content).digest('hex'));
  });

  it('tells its source when nobody reads on', async () => {
    let isClosed = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield randomBytes(1_000);
      } finally {
        isClosed = true;
      }
    };
    for await (const _piece of cutLayer(source())) break;
    assert.ok(isClosed);
  });
});
