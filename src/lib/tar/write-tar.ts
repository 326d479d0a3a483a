/**
 * A tar archive (POSIX ustar) made of files whose sizes are known before: so its own size is known before as well, and it is
 * written piece by piece. The same files give the same bytes.
 */
import { tarBlockBytes, tarPaddingOf } from './tar-header.ts';

const nameBytes = 100;
/** What eleven octal digits cannot say is said in binary (GNU's base-256). */
const maxOctal = 8 ** 11;

/** A regular file. */
export interface TarFile {
  /** ASCII, at most 100 characters. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Exactly `sizeBytes`. */
  content(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Bytes of the archive that `writeTar` makes of the files. */
export function tarSize(files: readonly Pick<TarFile, 'sizeBytes'>[]): number {
  const end = 2 * tarBlockBytes;
  return files.reduce((sum, { sizeBytes }) => sum + tarBlockBytes + sizeBytes + tarPaddingOf(sizeBytes), end);
}

/** The archive, as it is read. @throws Error when a content is longer or shorter than it was said to be */
export async function* writeTar(files: readonly TarFile[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    yield tarHeader(file.name, file.sizeBytes);
    let writtenBytes = 0;
    for await (const piece of file.content()) {
      writtenBytes += piece.length;
      yield piece;
    }
    if (writtenBytes !== file.sizeBytes)
      throw new Error(`${file.name} has ${writtenBytes} bytes, not ${file.sizeBytes}`);
    const padding = tarPaddingOf(file.sizeBytes);
    if (padding > 0) yield Buffer.alloc(padding);
  }
  yield Buffer.alloc(2 * tarBlockBytes);
}

/** The header of a regular file of root's that all may read, of 1970: one block. @throws Error for a name that is too long */
export function tarHeader(name: string, sizeBytes: number): Buffer {
  if (name.length > nameBytes) throw new Error(`${name} is too long a name for an archive`);
  const header = Buffer.alloc(tarBlockBytes);
  const text = (offset: number, value: string): void => void header.write(value, offset, 'ascii');
  text(0, name);
  text(100, '0000644\0');
  text(108, '0000000\0');
  text(116, '0000000\0');
  if (sizeBytes < maxOctal) text(124, `${sizeBytes.toString(8).padStart(11, '0')}\0`);
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  text(136, '00000000000\0');
  text(156, '0');
  text(257, 'ustar\x0000');
  // The sum of all bytes, with its own field taken as blanks.
  text(148, '        ');
  const sum = header.reduce((total, byte) => total + byte, 0);
  text(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}
