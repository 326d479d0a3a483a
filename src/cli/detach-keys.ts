/** Keys that end our side of a session and leave the container running, as in docker: `ctrl-p,ctrl-q`. */
import { type Readable, Transform } from 'node:stream';
import { UsageError } from './usage-error.ts';

/** As docker and kubectl. */
export const defaultDetachKeys = 'ctrl-p,ctrl-q';

/** What `ctrl-` may stand before beside the letters, with its code. */
const controls: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/**
 * The bytes that the keys send.
 *
 * @param text keys with commas between them: one character, or `ctrl-` with a letter or one of `@[\]^_`
 * @throws UsageError when there is no such key
 */
export function parseDetachKeys(text: string): Buffer {
  return Buffer.from(text.split(',').map((key) => byteOf(key, text)));
}

function byteOf(key: string, text: string): number {
  if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
  const [, after = ''] = /^ctrl-(.)$/.exec(key) ?? [];
  if (/^[a-z]$/.test(after)) return after.charCodeAt(0) - 'a'.charCodeAt(0) + 1;
  const control = controls[after];
  if (control !== undefined) return control;
  throw new UsageError(
    `could not bind detach keys: unknown key ${JSON.stringify(key)}`,
    `for example: ${text === '' ? defaultDetachKeys : 'ctrl-a,d'}`,
  );
}

/** What to pass on of a chunk, and whether the keys have been pressed; what comes after them is dropped. */
export interface Detached {
  readonly pass: Buffer;
  readonly isDetached: boolean;
}

/** Looks for `keys` in chunks that follow each other. What may be their beginning is held back until it is not. */
export function createDetachMatcher(keys: Buffer): (chunk: Buffer) => Detached {
  let matched = 0;
  return (chunk) => {
    const pass: number[] = [];
    for (const byte of chunk) {
      if (byte !== keys[matched]) {
        pass.push(...keys.subarray(0, matched));
        matched = 0;
      }
      if (byte !== keys[matched]) pass.push(byte);
      else if (++matched === keys.length) return { pass: Buffer.from(pass), isDetached: true };
    }
    return { pass: Buffer.from(pass), isDetached: false };
  };
}

/** `stdin` without the keys; calls `onDetach` when they were pressed, and reads no more. */
export function withDetachKeys(stdin: Readable, keys: Buffer, onDetach: () => void): Readable {
  const match = createDetachMatcher(keys);
  const output = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const { pass, isDetached } = match(chunk);
      if (isDetached) {
        stdin.unpipe(output);
        onDetach();
      }
      done(null, pass);
    },
  });
  return stdin.pipe(output);
}
