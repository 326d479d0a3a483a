/** Splits a stream of bytes into the JSON values that stand on its lines, as watch answers are written. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { StatusError } from '../lib/status-error.ts';

/** Longest line that is kept in memory, in characters; an object may be 1.5 MiB, a Table row carries one object. */
const maxLineCharacters = 16 * 1024 * 1024;

/**
 * One value a line, in order. A last line that was cut off is dropped: its event will be sent again.
 *
 * @throws StatusError InternalError when a whole line is no JSON or too long
 */
export async function* readJsonLines(stream: Readable): AsyncGenerator<unknown> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  for await (const chunk of stream) {
    const text = decoder.write(chunk as Buffer);
    if (!text.includes('\n')) {
      pending += text;
      if (pending.length > maxLineCharacters) throw tooLong();
      continue;
    }
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parse(line);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new StatusError('InternalError', `the watch sent a line that is no JSON: ${line.slice(0, 100)}`, { cause });
  }
}

function tooLong(): StatusError {
  return new StatusError('InternalError', `the watch sent a line longer than ${maxLineCharacters} characters`);
}
