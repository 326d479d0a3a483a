/**
 * The stdin of a container, by its two ends: the named pipe from which the shim reads, and the pipe from which the container's
 * first process does. containerd itself takes no part in it, and may be away.
 *
 *     we → FIFO, 64 KiB → shim, at most 32 KiB in its hands → pipe, 64 KiB → the process
 *
 * Holding the second pipe open keeps what a process left unread when it ended.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { NoPipeError, openPipeEnd, type PipeEnd } from '../../../host/pipe-end.ts';
import { hasProcess } from '../../../host/processes.ts';
import type { Clock } from '../../../lib/clock.ts';
import { StatusError } from '../../../lib/status-error.ts';
import type { ContainerId, ContainerInput, UnreadInput } from '../../runtime.ts';
import { toStatusError } from '../cri-errors.ts';
import type { GrpcClient } from '../grpc/client.ts';
import { taskService } from '../methods.ts';

const callTimeoutMs = 20_000;
/** A pipe that holds no more had room, so that the shim has nothing in its hands. */
const roomyBytes = 60_000;
/** What a pipe holds. */
const pipeBytes = 65_536;
/**
 * More than can wait for a process: two pipes as large as anybody may make them (fs.pipe-max-size, 1 MiB), and what the shim has
 * in its hands. Who finds more finds what somebody else writes, for as long as they read.
 */
const mostUnreadBytes = 2 * 1_048_576 + 32_768;
/** Looks at what comes after the end of a process. The shim hands on what it has within a few. */
const mostLooks = 100;
/** Time for the shim to hand on what it had in its hands, once there is room. */
const handOnMs = 20;
/** The same on a machine that is busy. */
const busyHandOnMs = 200;

export interface ContainerInputDeps {
  readonly grpc: GrpcClient;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** @throws as `Runtime.openInput` */
export async function openContainerInput(
  { grpc, clock }: ContainerInputDeps,
  container: ContainerId,
  signal: AbortSignal,
): Promise<ContainerInput> {
  try {
    const options = { signal, timeoutMs: callTimeoutMs };
    const { process } = await grpc.unary(taskService.get, { containerId: container, execId: '' }, options);
    const { pid = 0, stdin = '' } = process ?? {};
    return await openProcessInput({ pid, fifo: stdin, what: `container ${container}` }, clock);
  } catch (error) {
    throw error instanceof StatusError ? error : toStatusError(error);
  }
}

export interface FedProcess {
  readonly pid: number;
  /** Path of the named pipe whose content its parent hands on to it; empty when there is none. */
  readonly fifo: string;
  /** For messages. */
  readonly what: string;
}

/**
 * Stdin of a process that its parent feeds.
 *
 * @throws StatusError `NotFound` when there is no such process, `Invalid` when its stdin is something else
 */
export async function openProcessInput(
  { pid, fifo, what }: FedProcess,
  clock: Pick<Clock, 'sleep'>,
): Promise<ContainerInput> {
  const path = `/proc/${pid}/fd/0`;
  try {
    const link = await readlink(path);
    // A program may put anything in place of its stdin; only what its shim writes into is meant.
    const isFed = fifo !== '' && link.startsWith('pipe:') && (await hasOpen(await parentOf(pid), link));
    if (!isFed) throw notTheRuntimes(what);
    const own = openPipeEnd(path);
    try {
      // It may have been replaced at this very moment.
      if (link !== `pipe:[${own.inode}]`) throw notTheRuntimes(what);
      return joinEnds(openPipeEnd(fifo), own, { clock, hasEnded: () => !hasProcess(pid) });
    } catch (error) {
      own.close();
      throw error;
    }
  } catch (error) {
    // Replaced after its name was read.
    if (error instanceof NoPipeError) throw notTheRuntimes(what);
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
    throw new StatusError('NotFound', `${what} does not run`, { cause: error });
  }
}

function notTheRuntimes(what: string): StatusError {
  return new StatusError('Invalid', `stdin of ${what} is not, or no longer, what the runtime gave it`);
}

function writtenByOthers(): StatusError {
  return new StatusError(
    'Invalid',
    'something else writes into the stdin of the container, so that nobody can tell what it read',
  );
}

/** @throws StatusError `Invalid` when there is more than anything of ours */
function takeAll(end: PipeEnd): Buffer {
  const taken = end.take(mostUnreadBytes + 1);
  if (taken.length > mostUnreadBytes) throw writtenByOthers();
  return taken;
}

function joinEnds(
  fifo: PipeEnd,
  own: PipeEnd,
  { clock, hasEnded }: { readonly clock: Pick<Clock, 'sleep'>; readonly hasEnded: () => boolean },
): ContainerInput {
  return {
    // A shim that was told to let go of an ended process still takes the next piece out of the FIFO, and drops it (measured).
    write: (bytes) => !hasEnded() && fifo.write(bytes),
    mark: (number) => fifo.mark(number),
    isMarked: (number) => fifo.isMarked(number),
    countUnread: (onTaken) => countUnread(fifo, own, clock, onTaken),
    takeUnread: () => takeUnread(fifo, own, clock),
    close: () => {
      fifo.close();
      own.close();
    },
  };
}

async function countUnread(
  fifo: PipeEnd,
  own: PipeEnd,
  clock: Pick<Clock, 'sleep'>,
  onTaken: (bytes: number, isWaiting: boolean) => void,
): Promise<number | undefined> {
  const waiting = takeAll(fifo);
  if (waiting.length > 0) {
    onTaken(waiting.length, true);
    fifo.putBack(waiting);
    onTaken(0, true);
    return undefined;
  }
  let unread = takeAll(own);
  if (unread.length === 0) return 0;
  onTaken(unread.length, false);
  if (unread.length > roomyBytes) {
    // What the shim could not hand on comes now, and belongs behind it. It has at most 32 KiB in its hands, and on a busy
    // machine it may take its time: what it handed on between our last look and our putting back would come out of turn.
    for (let waitedMs = 0; waitedMs < busyHandOnMs && unread.length <= pipeBytes; waitedMs += handOnMs) {
      await clock.sleep(handOnMs);
      const late = takeAll(own);
      if (late.length === 0) continue;
      unread = Buffer.concat([unread, late]);
      onTaken(unread.length, false);
    }
  }
  own.putBack(unread.subarray(0, pipeBytes));
  fifo.putBack(unread.subarray(pipeBytes));
  onTaken(0, false);
  return unread.length;
}

async function takeUnread(fifo: PipeEnd, own: PipeEnd, clock: Pick<Clock, 'sleep'>): Promise<UnreadInput> {
  const first = takeAll(own);
  let count = first.length;
  let quietMs = 0;
  for (let looks = 0; looks < mostLooks && count <= mostUnreadBytes; looks += 1) {
    // The shim hands on what it has, when it gets a turn on a busy machine.
    await clock.sleep(handOnMs);
    const found = takeAll(own).length + takeAll(fifo).length;
    count += found;
    quietMs = found > 0 ? 0 : quietMs + handOnMs;
    if (quietMs >= busyHandOnMs) return { count, wasFull: first.length > roomyBytes, first };
  }
  throw writtenByOthers();
}

async function parentOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  // Behind the name, which may hold anything: state, parent, …
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '';
}

async function hasOpen(pid: string, link: string): Promise<boolean> {
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) === link) return true;
  }
  return false;
}
