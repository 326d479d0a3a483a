/** `eli attach`: our streams joined to those of a container's own process. */

import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { CommandContext } from '../context.ts';
import { defaultDetachKeys, parseDetachKeys, withDetachKeys } from '../detach-keys.ts';
import { UsageError } from '../usage-error.ts';
import { findPod } from './find-pod.ts';
import { chooseContainer } from './pod-containers.ts';
import { runRemoteSession } from './remote-session.ts';

export interface AttachFlags {
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly container?: string;
  readonly detachKeys?: string;
  readonly podRunningTimeout?: string;
}

/** The person pressed the detach keys. */
class Detached extends Error {
  override readonly name = 'Detached';
}

/** Resolves with 0 when the container ends or the keys were pressed; the container goes on. */
export async function runAttach(word: string, flags: AttachFlags, context: CommandContext): Promise<number> {
  const { io } = context;
  const note = (line: string): void => {
    if (!context.flags.quiet) context.note(line);
  };
  const keys = parseDetachKeys(flags.detachKeys ?? defaultDetachKeys);
  const { pod } = await findPod(word, context, flags.podRunningTimeout);
  if (isFinished(pod)) {
    throw new UsageError(
      `cannot attach a container in a completed pod; current phase is ${pod.status.phase}`,
      `"eli logs ${pod.metadata.name}" shows what it has printed`,
    );
  }
  const container = chooseContainer(pod, flags.container, note);
  const hasTty = containerOf(pod, container)?.tty ?? false;
  if (flags.tty && !hasTty) note(`error: Unable to use a TTY - container ${container} did not allocate one`);
  const isTerminal = hasTty && (flags.stdin ?? false) && (io.stdin.isTTY ?? false);
  if (flags.stdin && !isTerminal && flags.tty && hasTty) {
    note('Unable to use a TTY - input is not a terminal or the right kind of file');
  }
  note(
    'All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.',
  );
  note("If you don't see a command prompt, try pressing enter.");

  const { name = '', namespace = '' } = pod.metadata;
  const detach = new AbortController();
  const stdin = !flags.stdin
    ? undefined
    : isTerminal
      ? withDetachKeys(io.stdin, keys, () => detach.abort(new Detached('detached')))
      : io.stdin;
  const remote = { namespace, pod: name, container, tty: hasTty, stdin };
  try {
    await runRemoteSession(remote, context, AbortSignal.any([context.signal, detach.signal]));
  } catch (error) {
    if (!(error instanceof Detached)) throw error;
  }
  if (isTerminal && !context.flags.quiet) {
    await context.print(
      `Session ended, resume using 'eli attach ${name} -c ${container} -n ${namespace} -i -t' command\n`,
    );
  }
  return 0;
}

function containerOf({ spec }: Pod, name: string): Pick<Container, 'tty'> | undefined {
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  return all.find((container) => container.name === name);
}
