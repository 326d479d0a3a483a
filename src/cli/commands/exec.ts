/** `eli exec`: runs a command in a container; arguments, both outputs, EOF and the exit code arrive as they are. */
import type { CommandContext } from '../context.ts';
import { windowSizes, withRawTerminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { chooseContainer, findPod } from './pod-containers.ts';

export interface ExecFlags {
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly container?: string;
  readonly quiet?: boolean;
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
    if (!flags.quiet) context.note(line);
  };
  const tty = (flags.tty ?? false) && (io.stdin.isTTY ?? false);
  if (flags.tty && !tty) note('Unable to use a TTY - input is not a terminal or the right kind of file');
  const session = await context.session();
  const pod = await findPod(podName, session, context);
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new UsageError(
      `cannot exec into a container in a completed pod; current phase is ${phase}`,
      `"eli logs ${pod.metadata.name}" shows what it has printed`,
    );
  }
  const container = chooseContainer(pod, flags.container, note);
  const { runRemoteCommand } = await import('../../client/remote-command.ts');
  const over = new AbortController();
  const run = (): Promise<number> =>
    runRemoteCommand(
      { transport: session.transport, clock: io.clock },
      { namespace: session.namespace, pod: pod.metadata.name ?? podName, container, command, tty },
      {
        stdin: flags.stdin ? io.stdin : undefined,
        stdout: io.stdout,
        stderr: io.stderr,
        resize: tty ? windowSizes(io.stdout, over.signal) : undefined,
      },
      context.signal,
    );
  try {
    return tty && flags.stdin ? await withRawTerminal(io.stdin, run) : await run();
  } finally {
    over.abort();
  }
}
