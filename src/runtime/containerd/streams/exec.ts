/**
 * Commands in running containers, by containerd's native Tasks.Exec with named pipes: a real end of stdin,
 * back-pressure both ways, and an exit code without parsing (CRI has no end of input over WebSocket).
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../lib/clock.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import type { ContainerId, ExecRequest } from '../../runtime.ts';
import { taskService } from '../methods.ts';
import type { StreamDeps } from '../stream-deps.ts';
import { copyOutput } from './copy.ts';
import { ExecProcess } from './exec-process.ts';
import { Fifos } from './fifos.ts';
import { processSpec } from './process-spec.ts';

/** Milliseconds for a process to start; a busy shim takes seconds. */
const startTimeoutMs = 120_000;

/** Milliseconds to wait for the size of a terminal before the command starts; clients say it as their first word. */
const firstSizeMs = 200;

type TerminalSize = { readonly width: number; readonly height: number };

/** The key that a person would press to end the input of a terminal. */
const endOfTransmission = '\x04';

/**
 * Runs a command and resolves with its exit code when all output was handed over; the request's streams stay open.
 *
 * @throws StatusError NotFound when there is no such container, InternalError with the OCI runtime's words when the
 *   command cannot be started; the signal's reason when it aborted, after the process has ended
 */
export async function execInContainer(
  deps: StreamDeps,
  container: ContainerId,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const sizes = request.resize[Symbol.asyncIterator]();
  const first = request.tty ? sizes.next() : undefined;
  const terminal = first && { size: await sizeWithin(firstSizeMs, first, deps.clock, signal) };
  const spec = await processSpec(deps, container, request.command, terminal, signal);
  const execId = `${deps.execPrefix}${randomUUID()}`;
  const wanted = { stdin: request.stdin !== undefined, stderr: !request.tty };
  const fifos = await Fifos.create(join(deps.fifoDirectory, `${container}.${execId}`), wanted, signal);
  const process = new ExecProcess(deps, container, execId);
  try {
    const start = async (): Promise<number> => {
      // Not cancelled by the client's leaving: a start whose answer is unknown could leave a process behind.
      const options = { signal: new AbortController().signal, timeoutMs: startTimeoutMs };
      const ids = { containerId: container, execId };
      await deps.grpc.unary(taskService.exec, { ...ids, ...fifos.paths, terminal: request.tty, spec }, options);
      return (await deps.grpc.unary(taskService.start, ids, options)).pid;
    };
    const pid = await deps.withExecStart(container, start, signal).catch((error: unknown) => {
      throw startError(error, execId);
    });
    const resize = terminal?.size ? sizes : resumed(first, sizes);
    return await serve(process, pid, fifos, { ...request, resize: { [Symbol.asyncIterator]: () => resize } }, signal);
  } finally {
    await process.delete();
    await fifos.close();
  }
}

/** The first size that the client says, if it does so soon: a program that asks at its start must see it. */
async function sizeWithin(
  ms: number,
  first: Promise<IteratorResult<TerminalSize>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<TerminalSize | undefined> {
  const enough = new AbortController();
  const late = clock.sleep(ms, AbortSignal.any([signal, enough.signal])).catch(() => undefined);
  const seen = await Promise.race([first, late]);
  enough.abort();
  signal.throwIfAborted();
  return seen && !seen.done ? seen.value : undefined;
}

/** The sizes from `first` on, which was asked for already. */
async function* resumed(
  first: Promise<IteratorResult<TerminalSize>> | undefined,
  rest: AsyncIterator<TerminalSize>,
): AsyncGenerator<TerminalSize> {
  for (let next = await (first ?? rest.next()); !next.done; next = await rest.next()) yield next.value;
}

/** Joins the streams of a started process with the client's until it has ended. */
async function serve(
  process: ExecProcess,
  pid: number,
  fifos: Fifos,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<number> {
  const exited = process.exitCode();
  const broken = new AbortController();
  const gone = AbortSignal.any([signal, broken.signal]);
  const stdin = fifos.socket('stdin');
  const outputs = [fifos.socket('stdout'), fifos.socket('stderr')] as const;

  const onGone = (): void => {
    process.hangUp(pid, exited).catch(() => {});
    // What the process still says has no reader; without one it could not end.
    for (const output of outputs) output?.destroy();
  };
  gone.addEventListener('abort', onGone, { once: true });
  if (gone.aborted) onGone();

  const copied = Promise.all([
    outputs[0] && copyOutput(outputs[0], request.stdout),
    outputs[1] && copyOutput(outputs[1], request.stderr),
  ]).catch((error: unknown) => broken.abort(error));
  const stopInput = request.stdin && stdin ? copyInput(request.stdin, stdin, process, request.tty) : undefined;
  const stopResize = request.tty ? followSizes(request.resize, process) : undefined;
  try {
    const exitCode = await exited;
    // The process has ended, so nobody reads its input any more; its output may still be on the way.
    stopInput?.();
    await copied;
    gone.throwIfAborted();
    return exitCode;
  } finally {
    gone.removeEventListener('abort', onGone);
    stopInput?.();
    stopResize?.();
    for (const output of outputs) output?.destroy();
  }
}

/**
 * Passes input on and, at its end, ends that of the process. Both are needed for an end of input: our end of the pipe
 * closed and the shim told (in any order; nothing is lost). The returned function stops it and leaves `from` open.
 */
function copyInput(from: Readable, to: Writable, process: ExecProcess, tty: boolean): () => void {
  const onEnd = (): void => {
    stop();
    if (tty) to.end(endOfTransmission);
    else {
      to.end();
      process.closeStdin().catch(() => {});
    }
  };
  const stop = (): void => {
    from.off('end', onEnd);
    from.off('close', onEnd);
    from.unpipe(to);
  };
  from.on('end', onEnd);
  from.on('close', onEnd);
  from.pipe(to, { end: false });
  if (from.readableEnded || from.destroyed) onEnd();
  return () => {
    stop();
    to.destroy();
  };
}

/** Applies terminal sizes in the background until they end or the returned function is called. */
function followSizes(sizes: ExecRequest['resize'], process: ExecProcess): () => void {
  let stopped = false;
  const follow = async (): Promise<void> => {
    for await (const { width, height } of sizes) {
      if (stopped) return;
      await process.resize(width, height);
    }
  };
  follow().catch(() => {});
  return () => {
    stopped = true;
  };
}

/** What the kubelet's runtime says of a command that does not start; a container that is not there stays NotFound. */
function startError(error: unknown, execId: string): unknown {
  if (!isStatusError(error, 'InternalError', 'Invalid')) return error;
  const message = `failed to exec in container: failed to start exec "${execId}": ${error.message}`;
  return new StatusError('InternalError', message, { cause: error });
}
