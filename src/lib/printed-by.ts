/** What a program prints, as a stream that fails when the program does. */
import type { spawn } from 'node:child_process';
import { Readable } from 'node:stream';

/** Of stderr, for the message. */
const maxSaidBytes = 4_000;

/**
 * @param start `spawn` of `node:child_process`, which not every program loads
 * @returns stdout of the program. It fails with Node's error when it cannot be started, and with the last of its stderr when it
 *   ends with another exit code than 0; the program is ended when nobody reads on, or `signal` aborts
 */
export function printedBy(
  start: typeof spawn,
  [program = '', ...args]: readonly string[],
  signal: AbortSignal,
): Readable {
  const printed = async function* (): AsyncGenerator<Buffer> {
    signal.throwIfAborted();
    const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
    const ended = Promise.withResolvers<number>();
    ended.promise.catch(() => {});
    child.once('error', ended.reject);
    child.once('close', (exitCode) => ended.resolve(exitCode ?? -1));
    let said = '';
    child.stderr.on('data', (piece: Buffer) => {
      said = (said + piece.toString('utf8')).slice(-maxSaidBytes);
    });
    try {
      yield* child.stdout as AsyncIterable<Buffer>;
      const exitCode = await ended.promise;
      if (exitCode !== 0)
        throw new Error(`${program} ${args[0] ?? ''} failed: ${said.trim() || `exit code ${exitCode}`}`);
    } finally {
      child.kill();
    }
  };
  return Readable.from(printed(), { objectMode: false });
}
