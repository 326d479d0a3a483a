/**
 * containerd's own log, which must not fill the memory it lies in. containerd appends to it, so it can be cut in
 * place: what it writes next starts at the new end.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';

/** One error a dropped log line can make 1,000 lines a second (seen on a full disk). */
const maxBytes = 4 * 1024 * 1024;
const keptBytes = 256 * 1024;

/** Cuts the log to its last part when it has grown too long; fine when there is none. */
export async function trimLog(path: string): Promise<void> {
  await withLog(path, async (file) => {
    const { size } = await file.stat();
    if (size <= maxBytes) return;
    const tail = await readEnd(file, size, keptBytes);
    await file.truncate(0);
    // Appended, as containerd may have written in between.
    await file.appendFile(tail.subarray(tail.indexOf('\n') + 1));
  });
}

/** The last lines of the log, for an error message; empty when there is none. */
export async function readLogTail(path: string, bytes: number): Promise<string> {
  let tail = '';
  await withLog(path, async (file) => {
    tail = (await readEnd(file, (await file.stat()).size, bytes)).toString('utf8');
  });
  return tail.trim();
}

async function withLog(path: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function readEnd(file: FileHandle, size: number, bytes: number): Promise<Buffer> {
  const length = Math.min(bytes, size);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}
