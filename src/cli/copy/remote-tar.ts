/** Runs the commands of a copy in the container. */
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';

export interface CopyPod {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface RemoteEnds {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
}

/** The container has no such program. */
class ProgramMissing extends UsageError {}

/** What a shell says of a command that is not there or cannot be run. */
const cannotRun = [126, 127];

/**
 * Runs a command; what it prints and nobody wants is dropped.
 *
 * @returns its exit code
 * @throws ProgramMissing when the container has no such program
 */
export async function runInPod(
  { namespace, pod, container }: CopyPod,
  command: readonly string[],
  ends: RemoteEnds,
  context: CommandContext,
  signal: AbortSignal = context.signal,
): Promise<number> {
  const { transport } = await context.session();
  const { runRemoteCommand } = await import('../../client/remote-command.ts');
  const dropped = new PassThrough().resume();
  try {
    return await runRemoteCommand(
      { transport, clock: context.io.clock },
      { namespace, pod, container, command, tty: false },
      { stdin: ends.stdin, stdout: ends.stdout ?? dropped, stderr: ends.stderr ?? dropped },
      signal,
    );
  } catch (error) {
    const isMissing = isStatusError(error) && /exec: "[^"]*": executable file not found/.test(error.message);
    throw isMissing ? new ProgramMissing(error.message, tarHint(pod, container), { cause: error }) : error;
  }
}

/** Whether `path` is a directory there. */
export async function isRemoteDirectory(pod: CopyPod, path: string, context: CommandContext): Promise<boolean> {
  try {
    return (await runInPod(pod, ['test', '-d', path], {}, context)) === 0;
  } catch (error) {
    // Without that program it is not known; then the path is taken as it stands.
    if (error instanceof ProgramMissing) return false;
    throw error;
  }
}

/** What to add to a command that ended with `exitCode`; nothing when it was there and ran. */
export function hintForExit(exitCode: number, { pod, container }: CopyPod): string | undefined {
  return cannotRun.includes(exitCode) ? tarHint(pod, container) : undefined;
}

function tarHint(pod: string, container: string): string {
  return (
    `cp needs the program "tar" in container ${container}; without it, a single file goes through cat, if it has that:\n` +
    `eli exec -i ${pod} -c ${container} -- sh -c 'cat > FILE' < FILE`
  );
}
