/** Finds a place in what a container printed by counting from an earlier one. */

import type { LogPosition } from './log-position.ts';
import type { LogPiece, SourceLog } from './source-log.ts';

const pieceBytes = 4_096;
const newline = 0x0a;

/** A place in the log, which may lie before the one that was looked for. */
export interface FoundPlace {
  readonly position: LogPosition;
  /** Bytes from where the count began. */
  readonly bytes: number;
}

/**
 * The start of the line that is `bytes` behind the beginning of `log`. When that line began before, the very byte. Never further
 * than what is left of the log; its oldest byte when the beginning was removed.
 *
 * @returns undefined when there is no log
 */
export async function findLineStart(log: SourceLog, bytes: number): Promise<FoundPlace | undefined> {
  const { line, exact } = await walk(log, bytes);
  return line ?? exact;
}

/** As `findLineStart`, and always the very byte. */
export async function findByte(log: SourceLog, bytes: number): Promise<FoundPlace | undefined> {
  return (await walk(log, bytes)).exact;
}

interface Walked {
  /** The last start of a line that was passed. */
  readonly line?: FoundPlace | undefined;
  readonly exact?: FoundPlace;
}

async function walk(log: SourceLog, bytes: number): Promise<Walked> {
  let done = 0;
  const asked = log.position;
  let piece = await log.peek(1);
  const begin = asked ?? log.position;
  if (log.hasLostPlace) return log.position ? { exact: { position: log.position, bytes: 0 } } : {};
  if (begin === undefined) return {};
  let line: FoundPlace | undefined = begin.isMidLine ? undefined : { position: begin, bytes: 0 };
  let exact: FoundPlace = { position: begin, bytes: 0 };
  while (done < bytes && piece !== undefined) {
    piece = await log.peek(Math.min(pieceBytes, bytes - done));
    if (piece === undefined) break;
    const end = piece.bytes.lastIndexOf(newline) + 1;
    if (end > 0) {
      const upToLine: LogPiece | undefined = await log.peek(end);
      if (upToLine !== undefined) line = { position: upToLine.next, bytes: done + end };
    }
    log.accept(piece);
    done += piece.bytes.length;
    exact = { position: piece.next, bytes: done };
  }
  return { line, exact };
}

/** The text of `log` from its beginning on, at most so many bytes. */
export async function readText(log: SourceLog, bytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let left = bytes;
  while (left > 0) {
    const piece = await log.peek(Math.min(pieceBytes, left));
    if (piece === undefined) break;
    log.accept(piece);
    parts.push(piece.bytes);
    left -= piece.bytes.length;
  }
  return Buffer.concat(parts);
}
