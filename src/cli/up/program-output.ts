/** Where the output of a program on the device goes: to our own stdout and stderr, which a status line may share. */
import { Writable } from 'node:stream';
import type { CommandContext } from '../context.ts';

/** Both belong to the session, and take what comes from one run after the other. */
export interface ProgramOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** They take what comes at the pace of our own readers, and are gone when those are. */
export function programOutput(context: CommandContext): ProgramOutput {
  return {
    stdout: passing((bytes) => context.print(bytes)),
    stderr: passing((bytes) => context.printError(bytes)),
  };
}

function passing(print: (bytes: Buffer) => Promise<void>): Writable {
  const stream = new Writable({
    write: (bytes: Buffer, _encoding, done) => {
      print(bytes).then(() => done(), done);
    },
  });
  // Whoever writes sees that it is gone; the command itself is told by its own streams.
  stream.on('error', () => {});
  return stream;
}
