/** `eli exec`: runs a command in a container; arguments, both outputs, EOF and the exit code arrive as they are. */
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { findPod } from './find-pod.ts';
import { chooseContainer } from './pod-containers.ts';
import { runRemoteSession } from './remote-session.ts';

export interface ExecFlags {
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly container?: string;
  readonly podRunningTimeout?: string;
}

/** Resolves with the exit code of the command. */
export async function runExec(
  podName: string,
  command: readonly string[],
  flags: ExecFlags,
  context: CommandContext,
): Promise<number> {
  if (command.length === 0) {
    throw new UsageError(
      'you must specify at least one command for the container',
      'for example: eli exec web -- ls /',
    );
  }
  const { io } = context;
  const note = (line: string): void => {
    if (!context.flags.quiet) context.note(line);
  };
  const tty = (flags.tty ?? false) && (io.stdin.isTTY ?? false);
  if (flags.tty && !tty) note('Unable to use a TTY - input is not a terminal or the right kind of file');
  const { pod } = await findPod(podName, context, flags.podRunningTimeout);
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new UsageError(
      `cannot exec into a container in a completed pod; current phase is ${phase}`,
      `"eli logs ${pod.metadata.name}" shows what it has printed`,
    );
  }
  const container = chooseContainer(pod, flags.container, note);
  const { name = '', namespace = '' } = pod.metadata;
  const stdin = flags.stdin ? io.stdin : undefined;
  const exitCode = await runRemoteSession({ namespace, pod: name, container, command, tty, stdin }, context);
  if (exitCode !== 0) note(`command terminated with exit code ${exitCode}`);
  return exitCode;
}
