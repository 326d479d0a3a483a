import type { LogFile } from './log-files.ts';
import { parseLogLine } from './log-line.ts';

const blockBytes = 65_536;
/** Of a line only the start matters (time, stream, tag); more than this is never kept. */
const headBytes = 128;
const newline = 0x0a;

/**
 * Where the last `lines` lines of a log begin. Reads backwards, block by block, no further than needed; pieces of
 * one long line count as one.
 *
 * @returns a position in bytes (0 when there are fewer lines, the size for no lines), and how many lines follow it
 */
export async function findTail(
  file: LogFile,
  lines: number,
): Promise<{ readonly position: number; readonly lines: number }> {
  const size = await file.readSize();
  if (lines <= 0 || size === 0) return { position: size, lines: 0 };
  const buffer = Buffer.alloc(blockBytes);
  let counted = 0;
  // Start of the line after the one that is being looked for; the file may end with or without a newline.
  let lineEnd = size;
  let head: Buffer = Buffer.alloc(0);

  /** Called for each line from the last one up; says whether it lies before the wanted ones. */
  const isBefore = (): boolean => {
    const isLast = counted === 0;
    if (!isLast && parseLogLine(head)?.isPartial) return false;
    counted += 1;
    return counted > lines;
  };

  for (let blockEnd = size; blockEnd > 0; ) {
    const blockStart = Math.max(0, blockEnd - blockBytes);
    const block = buffer.subarray(0, await readFully(file, buffer.subarray(0, blockEnd - blockStart), blockStart));
    let end = block.length;
    for (let at = block.lastIndexOf(newline); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(newline, at - 1)) {
      const start = blockStart + at + 1;
      if (start < size) {
        head = Buffer.concat([block.subarray(at + 1, Math.min(end, at + 1 + headBytes)), head]).subarray(0, headBytes);
        if (isBefore()) return { position: lineEnd, lines };
        lineEnd = start;
      }
      head = Buffer.alloc(0);
      end = at;
    }
    head = Buffer.concat([block.subarray(0, Math.min(end, headBytes)), head]).subarray(0, headBytes);
    blockEnd = blockStart;
  }
  return isBefore() ? { position: lineEnd, lines } : { position: 0, lines: counted };
}

/** Less than wanted only when the file was cut meanwhile. */
async function readFully(file: LogFile, buffer: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const bytes = await file.read(buffer.subarray(done), position + done);
    if (bytes === 0) break;
    done += bytes;
  }
  return done;
}
