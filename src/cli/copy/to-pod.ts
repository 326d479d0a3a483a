/** Copies a file or directory into a container: packed here, unpacked by the container's tar. */
import { basename, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { packTar } from 'modern-tar/fs';
import type { CommandContext } from '../context.ts';
import { countBytes } from '../terminal/transfer.ts';
import { UsageError } from '../usage-error.ts';
import { computeUpload } from './copy-names.ts';
import { type CopyPod, isRemoteDirectory, runInPod } from './remote-tar.ts';

export interface UploadOptions {
  /** Owners and permissions are those of the container's user. */
  readonly noPreserve: boolean;
}

/** @returns the exit code of the container's tar */
export async function copyToPod(
  source: string,
  pod: CopyPod,
  destination: string,
  { noPreserve }: UploadOptions,
  context: CommandContext,
): Promise<number> {
  const kind = await context.io.files.kindOf(source);
  if (kind === 'missing') throw new UsageError(`${source} doesn't exist in local filesystem`);
  if (kind !== 'file' && kind !== 'directory') throw new UsageError(`${source} is no file and no directory`);
  const isDirectory = await isRemoteDirectory(pod, destination, context);
  const { directory, name } = computeUpload(source, destination, isDirectory);
  const command = ['tar', ...(noPreserve ? ['--no-same-permissions', '--no-same-owner'] : []), '-xmf', '-'];
  if (directory !== '') command.push('-C', directory);
  const archive = packTar([{ type: kind, source: resolve(source), target: name }]);
  return await context.terminal.during(`Copying ${basename(resolve(source))}`, async (activity) => {
    const stdin = countBytes(archive, (doneBytes) => {
      activity.showBytes(`Copying ${basename(resolve(source))}`, doneBytes);
    });
    const { stdout, stderr } = context.io;
    return await runInPod(pod, command, { stdin, stdout, stderr }, context).catch((error: unknown) => {
      throw readFailure(archive) ?? error;
    });
  });
}

/** What could not be read here, in words. */
function readFailure({ errored }: Readable): UsageError | undefined {
  return errored === null ? undefined : new UsageError(errored.message, undefined, { cause: errored });
}
