/** A process in a container, joined to our own streams: what `exec` and `attach` have in common. */
import type { Readable, Writable } from 'node:stream';
import type { CommandContext } from '../context.ts';
import { windowSizes, withRawTerminal } from '../terminal/raw-mode.ts';

export interface RemoteSession {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** With it a new process is made, else the container's own one is joined. */
  readonly command?: readonly string[];
  readonly tty: boolean;
  /** What it reads, when our stdin is passed to it. */
  readonly stdin: Readable | undefined;
  /** Our own when left out. */
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Told how many bytes of output were handed over. */
  readonly onOutput?: (bytes: number) => void;
}

/** Runs until it ends or `signal` aborts, and leaves the terminal as it was; resolves with the exit code. */
export async function runRemoteSession(
  { stdin, stdout, stderr, onOutput, ...remote }: RemoteSession,
  context: CommandContext,
  signal: AbortSignal = context.signal,
): Promise<number> {
  const { io } = context;
  const session = await context.session();
  const { runRemoteCommand } = await import('../../client/remote-command.ts');
  const over = new AbortController();
  const run = (): Promise<number> =>
    runRemoteCommand(
      { transport: session.transport, clock: io.clock },
      remote,
      {
        stdin,
        stdout: stdout ?? io.stdout,
        stderr: stderr ?? io.stderr,
        resize: remote.tty ? windowSizes(io.stdout, over.signal) : undefined,
        onOutput,
      },
      signal,
    );
  try {
    return remote.tty && stdin !== undefined ? await withRawTerminal(io.stdin, signal, run) : await run();
  } finally {
    over.abort();
  }
}
