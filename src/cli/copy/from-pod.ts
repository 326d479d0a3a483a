/** Copies a file or directory out of a container: packed by its tar, unpacked here and nowhere but at the destination. */
import { basename, dirname, join, resolve } from 'node:path';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { unpackTar } from 'modern-tar/fs';
import { isStatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import { describeFailure } from '../failure.ts';
import { write } from '../output.ts';
import { countBytes } from '../terminal/transfer.ts';
import { placeBelow, storedName } from './copy-names.ts';
import { type CopyPod, isRemoteDirectory, runInPod } from './remote-tar.ts';

export interface DownloadOptions {
  /** Permissions are those of any new file here. */
  readonly noPreserve: boolean;
  /** How often to go on after a connection that was lost; negative: as often as it takes. */
  readonly retries: number;
}

type Header = Parameters<NonNullable<NonNullable<Parameters<typeof unpackTar>[1]>['map']>>[0];

/** Between two tries. */
const pauseMs = 500;

/** @returns the exit code of the container's tar */
export async function copyFromPod(
  pod: CopyPod,
  source: string,
  destination: string,
  options: DownloadOptions,
  context: CommandContext,
): Promise<number> {
  const target = await chooseTarget(pod, source, destination, context);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  const archive = new PassThrough();
  const label = `Copying ${basename(source)}`;
  return await context.terminal.during(label, async (activity) => {
    const counted = countBytes(archive, (doneBytes) => {
      activity.showBytes(label, doneBytes);
    });
    const unpacked = unpack(counted, source, target, options, context);
    // Nobody reads any longer: the container's tar is to stop.
    unpacked.catch((error: unknown) => over.abort(error));
    try {
      const exitCode = await fetchArchive(pod, source, options.retries, archive, context, signal);
      // A tar that could not read everything has sent the rest all the same, and a whole archive of it.
      archive.end();
      await unpacked.catch((error: unknown) => {
        if (exitCode === 0) throw error;
        // The exit code stays that of the container's tar, but what is missing here has this reason too.
        context.note(describeFailure(error, { device: undefined, namespace: pod.namespace }));
      });
      return exitCode;
    } finally {
      archive.destroy();
    }
  });
}

interface Target {
  /** Everything is unpacked inside of it. */
  readonly directory: string;
  /** Name there of a single file; empty for a directory, whose content goes into it. */
  readonly name: string;
}

async function chooseTarget(
  pod: CopyPod,
  source: string,
  destination: string,
  context: CommandContext,
): Promise<Target> {
  if (await isRemoteDirectory(pod, source, context)) return { directory: resolve(destination), name: '' };
  const isDirectory = destination.endsWith('/') || (await context.io.files.kindOf(destination)) === 'directory';
  const path = resolve(isDirectory ? join(destination, basename(source)) : destination);
  return { directory: dirname(path), name: basename(path) };
}

async function unpack(
  archive: Readable,
  source: string,
  { directory, name }: Target,
  { noPreserve }: DownloadOptions,
  context: CommandContext,
): Promise<void> {
  const stored = storedName(source);
  let isWarned = false;
  const place = (member: string): string => join(name, placeBelow(stored, member));
  await pipeline(
    archive,
    unpackTar(directory, {
      filter: ({ name: member, type, linkname }: Header) => {
        if (type === 'symlink') {
          // As kubectl: a link of a container means nothing here, or something that must not be overwritten.
          const advice = isWarned ? '' : ` (consider using "eli exec POD -- tar cf - ${source} | tar xf -")`;
          isWarned = true;
          context.note(`warning: skipping symlink: "${join(directory, place(member))}" -> "${linkname}"${advice}`);
          return false;
        }
        return place(member) !== '.' && ['file', 'directory', 'link'].includes(type ?? 'file');
      },
      map: (header: Header) => {
        const isDirectory = header.type === 'directory';
        const mode = noPreserve ? undefined : ((header.mode ?? 0) & 0o777) | (isDirectory ? 0o700 : 0o600);
        return {
          ...header,
          name: place(header.name),
          mode: mode ?? (isDirectory ? 0o755 : 0o644),
          ...(header.type === 'link' ? { linkname: place(header.linkname ?? '') } : {}),
        };
      },
    }),
  );
}

/** Writes the archive into `output` and leaves it open; goes on where a lost connection broke off. */
async function fetchArchive(
  pod: CopyPod,
  source: string,
  retries: number,
  output: Writable,
  context: CommandContext,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  const stdout = (): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        // Nobody unpacks any longer: what still comes is dropped, for this end has nobody who waits for its failure.
        write(output, chunk).then(
          () => done(),
          () => done(),
        );
      },
    });
  for (let tries = 0; ; tries++) {
    try {
      const stderr = complaints(context);
      return await runInPod(pod, tarCommand(source, retries, bytes), { stdout: stdout(), stderr }, context, signal);
    } catch (error) {
      const isLost = isStatusError(error, 'ServiceUnavailable', 'Timeout');
      if (!isLost || signal.aborted || (retries >= 0 && tries >= retries)) throw error;
      context.note(`Resuming copy at ${bytes} bytes, retry ${tries + 1}/${retries}`);
      await context.io.clock.sleep(pauseMs, signal);
    }
  }
}

/** With retries, as kubectl: the same archive once more, from where it broke off. */
function tarCommand(source: string, retries: number, bytes: number): readonly string[] {
  if (retries === 0) return ['tar', 'cf', '-', source];
  return ['sh', '-c', `tar cf - '${source.replaceAll("'", `'\\''`)}' | tail -c+${bytes + 1}`];
}

/** What tar says of its own doing, but not that it leaves out the slash, which it does with every absolute path. */
function complaints(context: CommandContext): Writable {
  let pending = '';
  const tell = (line: string): void => {
    if (line !== '' && !/^tar: removing leading/i.test(line)) context.note(line);
  };
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const lines = (pending + chunk.toString('utf8')).split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) tell(line);
      done();
    },
    final: (done) => {
      tell(pending);
      done();
    },
  });
}
