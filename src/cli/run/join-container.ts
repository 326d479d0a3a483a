/** Joins the streams of a container that was run, and joins them again when the connection was lost. */
import { Readable, Writable } from 'node:stream';
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { limited } from '../../lib/limited.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { readLog } from '../commands/copy-log.ts';
import { runRemoteSession } from '../commands/remote-session.ts';
import type { CommandContext } from '../context.ts';
import { withDetachKeys } from '../detach-keys.ts';
import { write } from '../output.ts';
import type { PodWatch } from './pod-watch.ts';
import { throughLosses } from './through-losses.ts';

export interface JoinWish {
  readonly pod: Pod;
  readonly container: string;
  readonly tty: boolean;
  /** Whether our stdin is its stdin. */
  readonly stdin: boolean;
  /** Bytes that leave a terminal. */
  readonly detachKeys: Buffer;
  /** Milliseconds for which a lost device is looked for. */
  readonly patienceMs: number;
  /** Which of its runs is joined, as the status counts them; the first when left out. */
  readonly restartCount?: number;
  /** Where its output goes; our own when left out. */
  readonly output?: { readonly stdout: Writable; readonly stderr: Writable };
}

export interface JoinDeps {
  readonly watch: PodWatch;
  readonly context: CommandContext;
  /** Resolves when nothing of the container runs any more. */
  readonly ending: Promise<unknown>;
  readonly onDetach: () => void;
  /** Aborts when the container is left. */
  readonly left: AbortSignal;
}

/** A log up to this many bytes is whole: it is rotated later (`containerLogMaxSize`, 10 Mi by default). */
const longestWholeLog = 4 * 1024 * 1024;

/** Output that was seen. */
interface Seen {
  bytes: number;
}

/**
 * Resolves when the container has ended or its pod is gone, and all its output was written.
 *
 * Output of pipes is gone on with from the log, where it was; both outputs then come on stdout, as the log knows no other
 * way. A terminal is attached to anew.
 *
 * @throws StatusError when the connection is lost for too long
 */
export async function joinContainer(wish: JoinWish, deps: JoinDeps): Promise<void> {
  const { context, left } = deps;
  const { transport } = await context.session();
  const { name } = wish.pod.metadata;
  const seen: Seen = { bytes: 0 };
  const endurance = {
    clock: context.io.clock,
    signal: AbortSignal.any([context.signal, left]),
    patienceMs: wish.patienceMs,
    onLost: ({ message }: StatusError) => {
      const input = wish.stdin && !wish.tty ? '; its input has ended' : '';
      context.note(`lost the connection to ${name} (${message}); joining it again${input}`);
    },
  };
  await throughLosses(endurance, async (goesWell, earlier) => {
    if (earlier === 0) return await joinFirst(wish, seen, deps);
    // What is open may lead nowhere.
    transport.closeIdle();
    const pod = await readPod(wish, context, endurance.signal);
    goesWell();
    deps.watch.lookAgain();
    if (pod === undefined) return;
    if (wish.tty) await joinTerminal(wish, deps);
    else await joinByLog(wish, pod, seen, deps);
  });
}

async function joinFirst(wish: JoinWish, seen: Seen, { context, ending, onDetach, left }: JoinDeps): Promise<void> {
  const { io } = context;
  const input = (): Readable | undefined => {
    // It has a stdin, since it was held, that nobody uses. A terminal has no end of input.
    if (!wish.stdin) return wish.tty ? undefined : Readable.from([]);
    if (!wish.tty) return io.stdin;
    return withDetachKeys(io.stdin, wish.detachKeys, onDetach);
  };
  const onOutput = (bytes: number): void => {
    seen.bytes += bytes;
  };
  const remote = { ...remoteOf(wish), ...wish.output, tty: wish.tty, stdin: input(), onOutput };
  try {
    await runRemoteSession(remote, context, AbortSignal.any([context.signal, left]));
  } catch (error) {
    if (!isStatusError(error, 'NotFound')) throw error;
    // The device could not hold it, and it has ended before we came: the log has all of it.
    await ending;
    for await (const chunk of readLog(remoteOf(wish), {}, await context.session(), context.signal)) {
      await show(chunk, wish, context);
    }
  }
}

/** The pod as it is now; undefined when it is gone. */
async function readPod(
  { pod, patienceMs }: JoinWish,
  context: CommandContext,
  signal: AbortSignal,
): Promise<Pod | undefined> {
  const { client, transport } = await context.session();
  const { namespace = '', name = '', uid } = pod.metadata;
  const work = (inTime: AbortSignal): Promise<Pod> => client.get<Pod>(pods, { namespace, name }, inTime);
  const found = await limited(context.io.clock, patienceMs / 3, signal, work).catch((error: unknown) => {
    if (!isStatusError(error, 'NotFound')) throw error;
  });
  if (found === undefined) return undefined;
  if (found.kind === 'TimedOut') throw new StatusError('Timeout', `${transport.address} does not answer`);
  return found.value.metadata.uid === uid ? found.value : undefined;
}

async function joinTerminal(wish: JoinWish, { context, onDetach, left }: JoinDeps): Promise<void> {
  const stdin = wish.stdin ? withDetachKeys(context.io.stdin, wish.detachKeys, onDetach) : undefined;
  try {
    await runRemoteSession({ ...remoteOf(wish), tty: true, stdin }, context, AbortSignal.any([context.signal, left]));
  } catch (error) {
    // It has ended meanwhile.
    if (!isStatusError(error, 'NotFound')) throw error;
  }
}

async function joinByLog(wish: JoinWish, pod: Pod, seen: Seen, { context, left }: JoinDeps): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, left, over.signal]);
  // It may still be held: who attaches lets it begin.
  const begun = seen.bytes === 0 ? letBegin(wish, context, signal) : undefined;
  const isWhole = seen.bytes <= longestWholeLog;
  if (!isWhole) context.note(`"eli logs ${wish.pod.metadata.name}" has what was printed meanwhile`);
  const isCurrent = isStillJoined(wish, pod);
  const query = { ...(isCurrent ? { follow: true } : { previous: true }), ...(isWhole ? {} : { tailLines: 0 }) };
  let toSkip = isWhole ? seen.bytes : 0;
  try {
    for await (const chunk of readLog(remoteOf(wish), query, await context.session(), signal)) {
      const news = chunk.subarray(Math.min(toSkip, chunk.length));
      toSkip -= chunk.length - news.length;
      seen.bytes += news.length;
      await show(news, wish, context);
    }
  } finally {
    over.abort(new Error('the log has ended'));
    await begun;
  }
  if (!isCurrent || !runs(pod)) return;
  const now = await readPod(wish, context, AbortSignal.any([context.signal, left]));
  // A device that stops ends what it sends as if all of it were said.
  if (now !== undefined && isStillJoined(wish, now) && runs(now)) {
    throw new StatusError('ServiceUnavailable', 'the log has ended before the container');
  }
}

/** Whether it is the run that was joined, and not a later one. */
function isStillJoined({ restartCount = 0 }: JoinWish, { status }: Pod): boolean {
  return (status.containerStatuses?.[0]?.restartCount ?? 0) === restartCount;
}

function runs({ status }: Pod): boolean {
  return status.containerStatuses?.[0]?.state?.running !== undefined;
}

async function show(bytes: Buffer, { output }: JoinWish, context: CommandContext): Promise<void> {
  if (output === undefined) await context.print(bytes);
  else await write(output.stdout, bytes);
}

/** Ends without a word whatever becomes of it: the log shows the output, and the status how it ended. */
async function letBegin(wish: JoinWish, context: CommandContext, signal: AbortSignal): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const remote = { ...remoteOf(wish), tty: false, stdin: undefined, stdout: nowhere, stderr: nowhere };
  await runRemoteSession(remote, context, signal).catch(() => {});
}

function remoteOf({ pod, container }: JoinWish): {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
} {
  const { namespace = '', name = '' } = pod.metadata;
  return { namespace, pod: name, container };
}
