/** A bundle without what the device has of its layers: what is sent. */
import type { BundleDocuments } from '../../api/bundle/bundle-documents.ts';
import { bundleFiles } from '../../api/bundle/bundle-index.ts';
import { layerPath, layoutData } from '../../api/bundle/read-bundle.ts';
import { readTar } from '../../lib/tar/read-tar.ts';
import { type TarFile, tarSize, writeTar } from '../../lib/tar/write-tar.ts';

export interface NeededArchive {
  readonly sizeBytes: number;
  read(): AsyncIterable<Uint8Array>;
}

/**
 * All documents, and of the layers those that are wanted.
 *
 * @param wanted from which byte on, by digest
 * @param open the whole bundle, as often as it is read
 */
export function neededArchive(
  documents: BundleDocuments,
  wanted: ReadonlyMap<string, number>,
  open: () => AsyncIterable<Uint8Array>,
): NeededArchive {
  const head: TarFile[] = [
    inMemory(bundleFiles.layout, layoutData),
    inMemory(bundleFiles.index, documents.indexData),
    ...(documents.signatureData === undefined ? [] : [inMemory(bundleFiles.signature, documents.signatureData)]),
    ...[...documents.data].map(([digest, data]) => inMemory(layerPath(digest), data)),
  ];
  // As they stand in the file: it is read once, from front to back.
  const layers = [...documents.layers.values()]
    .filter(({ digest }) => wanted.has(digest))
    .sort(byDigest)
    .map(({ digest, size }) => {
      const fromByte = wanted.get(digest) ?? 0;
      return { digest, fromByte, name: layerPath(digest, fromByte), sizeBytes: size - fromByte };
    });
  const read = (): AsyncIterable<Uint8Array> => {
    const entries = readTar(open(), 'the bundle');
    const contentOf = (digest: string, fromByte: number) =>
      async function* (): AsyncGenerator<Uint8Array> {
        const name = layerPath(digest);
        for (let next = await entries.next(); !next.done; next = await entries.next()) {
          if (next.value.name !== name) continue;
          yield* skip(next.value.content(), fromByte);
          return;
        }
        throw new Error(`the bundle has no ${name}`);
      };
    const files = layers.map(({ digest, fromByte, ...file }) => ({ ...file, content: contentOf(digest, fromByte) }));
    return writeTar([...head, ...files]);
  };
  return { sizeBytes: tarSize([...head, ...layers]), read };
}

function inMemory(name: string, data: Uint8Array): TarFile {
  return { name, sizeBytes: data.length, content: () => [data] };
}

async function* skip(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of content) {
    if (left < piece.length) yield piece.subarray(left);
    left = Math.max(0, left - piece.length);
  }
}

function byDigest(one: { readonly digest: string }, other: { readonly digest: string }): number {
  return one.digest < other.digest ? -1 : 1;
}
