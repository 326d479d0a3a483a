/**
 * Sends one file to the device as it is now: whole when it is small, else the chunks that the device lacks; it says so before
 * they are sent, or that it has no room.
 */
import { leastChunkedBytes, type RecipeChunk, syncChunkSizes } from '../../api/sync/chunk-recipe.ts';
import { dataBytes } from '../../api/sync/frames.ts';
import { cutChunks } from '../../lib/chunks/cut-chunks.ts';
import type { Entry, FileEntry } from '../../lib/tree/entry.ts';
import { openTreeFile, piecesOf, type TreeFile } from '../../lib/tree/read-file.ts';
import { TreeError } from '../../lib/tree/tree-error.ts';
import type { TreePlaces } from '../../lib/tree/tree-places.ts';
import type { ChunkedFile, RemoteTree, Sent } from './remote-tree.ts';

/**
 * @param expect what the device is to find there, or it refuses
 * @param like the path of a file of the device that most probably is the same
 * @returns what was sent
 * @throws TreeError when it cannot be read, or is written to meanwhile: it arrives nowhere then; StatusError when the connection is lost
 */
export async function sendFile(
  path: string,
  expect: { readonly expect?: Entry | null },
  like: string | undefined,
  { places, remote }: { readonly places: TreePlaces; readonly remote: RemoteTree },
): Promise<{ readonly entry: FileEntry; readonly sent: Sent }> {
  const file = openTreeFile(places, path);
  try {
    const { entry } = file;
    const source = like === undefined ? {} : { like };
    const sent =
      entry.size >= leastChunkedBytes
        ? await remote.sendChunks({ do: 'putChunks', path, entry, ...source, ...expect }, () => cut(file, path))
        : await remote.sendFile({ do: 'put', path, entry, ...expect }, wholeOf(file, path));
    return { entry, sent };
  } finally {
    file.close();
  }
}

/** All of it. @throws TreeError when somebody wrote to it meanwhile, so that it would be half of each */
function* wholeOf(file: TreeFile, path: string): Generator<Buffer> {
  const { size } = file.entry;
  for (let position = 0; position < size; ) {
    const bytes = file.read(position, Math.min(dataBytes, size - position));
    if (bytes.length === 0) throw changedMeanwhile(path);
    position += bytes.length;
    yield bytes;
  }
  if (!file.isUnchanged()) throw changedMeanwhile(path);
}

async function cut(file: TreeFile, path: string): Promise<ChunkedFile> {
  const chunks: RecipeChunk[] = [];
  const positions: number[] = [];
  let position = 0;
  for await (const { digest, data } of cutChunks(piecesOf(file), syncChunkSizes)) {
    chunks.push({ digest, bytes: data.length });
    positions.push(position);
    position += data.length;
  }
  return {
    chunks,
    read: (index) => {
      const [at = 0, bytes = 0] = [positions[index], chunks[index]?.bytes];
      const read = file.read(at, bytes);
      if (read.length !== bytes) throw changedMeanwhile(path);
      return read;
    },
    check: () => {
      if (position !== file.entry.size || !file.isUnchanged()) throw changedMeanwhile(path);
    },
  };
}

function changedMeanwhile(path: string): TreeError {
  return new TreeError('Invalid', `${path}: it was changed while it was read`);
}
