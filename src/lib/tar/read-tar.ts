/**
 * Reads an archive that `writeTar` wrote, as it comes, and no other: every header must be what `writeTar` writes for its name
 * and size, padding must be zeros, and nothing may follow the end. So one changed or missing byte outside of the contents is
 * found here, and those inside by whoever knows their digests. For archives of other programs there is modern-tar.
 */
import { ByteReader } from '../byte-reader.ts';
import { StatusError } from '../status-error.ts';
import { readTarHeader, tarBlockBytes, tarPaddingOf } from './tar-header.ts';
import { tarHeader } from './write-tar.ts';

const nameField = [0, 100] as const;
const maxPieceBytes = 1024 * 1024;

/** A file of the archive. Its content must be read, or left alone, before the next one is asked for. */
export interface TarEntry {
  readonly name: string;
  readonly sizeBytes: number;
  /** The content piece by piece, once. @throws StatusError `Invalid` when the archive ends in it */
  content(): AsyncIterable<Uint8Array>;
}

/**
 * @param what the archive in the words of its errors, for example `the bundle`
 * @throws StatusError `Invalid` when it is not such an archive or is damaged; with the cause `Incomplete` when it ends early
 */
export async function* readTar(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(source);
  const fail = (why: string): StatusError => new StatusError('Invalid', `${what} ${why}`);
  const endsEarly = (): StatusError => incomplete(`${what} is incomplete: it ends after ${reader.readBytes} bytes`);
  const read = async (bytes: number): Promise<Buffer> => {
    const data = await reader.read(bytes);
    if (data.length === bytes) return data;
    throw endsEarly();
  };
  const isZero = (data: Buffer): boolean => data.every((byte) => byte === 0);

  for (;;) {
    const at = reader.readBytes;
    const header = await read(tarBlockBytes);
    if (isZero(header)) break;
    const name = header.toString('latin1', ...nameField).replace(/\0.*$/s, '');
    const sizeBytes = readTarHeader(header)?.sizeBytes;
    if (sizeBytes === undefined || !header.equals(tarHeader(name, sizeBytes))) {
      throw fail(at === 0 ? 'is none' : `is damaged at byte ${at}`);
    }
    let leftBytes = sizeBytes;
    const content = async function* (): AsyncGenerator<Uint8Array> {
      while (leftBytes > 0) {
        const piece = await reader.readSome(Math.min(leftBytes, maxPieceBytes));
        if (piece.length === 0) throw endsEarly();
        leftBytes -= piece.length;
        yield piece;
      }
    };
    yield { name, sizeBytes, content };
    for await (const _piece of content());
    const padding = tarPaddingOf(sizeBytes);
    if (!isZero(await read(padding))) throw fail(`is damaged after ${name}`);
  }
  if (!isZero(await read(tarBlockBytes)) || (await reader.readSome(1)).length > 0) throw fail('goes on after its end');
}

/** `Invalid`, with the cause `Incomplete`: with more of it, it may be valid. */
function incomplete(message: string): StatusError {
  return new StatusError('Invalid', message, { details: { causes: [{ reason: 'Incomplete', message }] } });
}
