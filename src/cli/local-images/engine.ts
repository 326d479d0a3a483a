/** What docker or podman has on this machine, whichever is installed. */
import type { Readable } from 'node:stream';
import type { CliIo } from '../io.ts';
import { UsageError } from '../usage-error.ts';

/** A program that keeps images on this machine. */
export type Engine = 'docker' | 'podman';

type ProgramAccess = Pick<CliIo, 'readProgram'>;

/** In the order in which they are asked. */
const engines: readonly Engine[] = ['docker', 'podman'];

/** Whether an engine on this machine has the image; undefined when none has. */
export async function findEngine(name: string, io: ProgramAccess, signal: AbortSignal): Promise<Engine | undefined> {
  for (const engine of engines) {
    const output = io.readProgram([engine, 'image', 'inspect', '--format', '{{.Id}}', name], signal);
    const found = await drain(output).then(
      () => true,
      () => false,
    );
    signal.throwIfAborted();
    if (found) return engine;
  }
  return undefined;
}

/**
 * What an engine writes of an image, in the form of `docker save`.
 *
 * @throws UsageError, in the reading, with what it said when it fails, or when it is not installed
 */
export async function* saveFromEngine(
  engine: Engine,
  name: string,
  io: ProgramAccess,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* io.readProgram([engine, 'save', name], signal) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    signal.throwIfAborted();
    throw new UsageError(failureText(cause, engine), undefined, { cause });
  }
}

async function drain(stream: Readable): Promise<void> {
  for await (const _piece of stream) {
    // Only whether it succeeds counts.
  }
}

function failureText(error: unknown, engine: Engine): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return `${engine} is not installed here`;
  return error instanceof Error ? error.message : String(error);
}
