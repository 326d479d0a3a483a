/** `eli cp`: files and directories into a container and out of it, by the container's tar. */

import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { parseCopy, type RemoteFile } from '../copy/file-spec.ts';
import { type CopyPod, hintForExit } from '../copy/remote-tar.ts';
import { UsageError } from '../usage-error.ts';
import { wholeNumber } from '../whole-number.ts';
import { chooseContainer } from './pod-containers.ts';

export interface CpFlags {
  readonly container?: string;
  /** False with `--no-preserve`. */
  readonly preserve?: boolean;
  readonly retries?: string;
}

/** Resolves with 0, or with the exit code of the container's tar when that failed. */
export async function runCp(args: readonly string[], flags: CpFlags, context: CommandContext): Promise<number> {
  const retries = wholeNumber(flags.retries, '--retries') ?? 0;
  const copy = parseCopy(args);
  const noPreserve = flags.preserve === false;
  const remote = copy.kind === 'to pod' ? copy.to : copy.from;
  const pod = await findCopyPod(remote, flags.container, context);
  let exitCode: number;
  if (copy.kind === 'to pod') {
    const { copyToPod } = await import('../copy/to-pod.ts');
    exitCode = await copyToPod(copy.from.path, pod, remote.path, { noPreserve }, context);
  } else {
    const { copyFromPod } = await import('../copy/from-pod.ts');
    exitCode = await copyFromPod(pod, remote.path, copy.to.path, { noPreserve, retries }, context);
  }
  if (exitCode !== 0) context.note(`command terminated with exit code ${exitCode}`);
  const hint = hintForExit(exitCode, pod);
  if (hint !== undefined) context.note(hint.replace(/^/gm, '  '));
  return exitCode;
}

async function findCopyPod(file: RemoteFile, container: string | undefined, context: CommandContext): Promise<CopyPod> {
  const { client, namespace: own } = await context.session();
  const namespace = file.namespace ?? own;
  const pod = await client.get<Pod>(pods, { namespace, name: file.pod }, context.signal);
  if (isFinished(pod)) {
    throw new UsageError(
      `cannot exec into a container in a completed pod; current phase is ${pod.status.phase}`,
      'what it wrote into a volume can be read by another pod that mounts the volume',
    );
  }
  return { namespace, pod: file.pod, container: chooseContainer(pod, container, (line) => context.hint(line)) };
}
