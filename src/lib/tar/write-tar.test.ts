import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTarDecoder, unpackTar } from 'modern-tar';
import { type TarFile, tarSize, writeTar } from './write-tar.ts';

const file = (name: string, content: Uint8Array): TarFile => ({
  name,
  sizeBytes: content.length,
  content: () => [content],
});

const collect = async (files: readonly TarFile[]): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(writeTar(files)));

describe('a tar archive', () => {
  const files = [
    file('empty', Buffer.alloc(0)),
    file('a/b', Buffer.from('hello')),
    file('full', Buffer.alloc(1024, 7)),
  ];

  it('is read as it was written, by others', async () => {
    const entries = await unpackTar(await collect(files), { strict: true });
    assert.deepEqual(
      entries.map(({ header, data }) => [header.name, header.type, header.mode, Buffer.from(data ?? [])]),
      [
        ['empty', 'file', 0o644, Buffer.alloc(0)],
        ['a/b', 'file', 0o644, Buffer.from('hello')],
        ['full', 'file', 0o644, Buffer.alloc(1024, 7)],
      ],
    );
  });

  it('is as long as was said before, and the same each time', async () => {
    const archive = await collect(files);
    assert.equal(archive.length, tarSize(files));
    assert.deepEqual(await collect(files), archive);
  });

  it('holds files of more than eight gigabytes', async () => {
    const sizeBytes = 9 * 1024 ** 3;
    const [header] = await Array.fromAsync(takeOne(writeTar([{ name: 'large', sizeBytes, content: () => [] }])));
    const decoder = createTarDecoder();
    const writer = decoder.writable.getWriter();
    void writer.write(header ?? Buffer.alloc(0)).catch(() => {});
    const { value } = await decoder.readable.getReader().read();
    assert.equal(value?.header.size, sizeBytes);
    await writer.abort().catch(() => {});
  });

  it('fails rather than hold a file of another size than was said', async () => {
    await assert.rejects(
      collect([{ name: 'short', sizeBytes: 5, content: () => [Buffer.alloc(4)] }]),
      /short has 4 bytes, not 5/,
    );
    await assert.rejects(collect([file('x'.repeat(101), Buffer.alloc(0))]), /too long a name/);
  });
});

async function* takeOne<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const item of items) {
    yield item;
    return;
  }
}
