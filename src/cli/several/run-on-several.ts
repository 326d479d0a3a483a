/**
 * Runs one command line on several devices at once: tables become one with a column NODE, objects one list, and every other
 * line says from which device it is. A device that fails does not hold up the others.
 */
import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Limiter } from '../../lib/limiter.ts';
import type { CommandContext, OneOfSeveral } from '../context.ts';
import type { CliIo, InputStream, OutputStream, StopSignal } from '../io.ts';
import { readStdin } from '../manifests/read-manifests.ts';
import { createObjectPrinter } from '../printers/object-printer.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { alignTabs, tableTabs } from '../printers/tab-writer.ts';
import type { WorksOn } from '../program-options.ts';
import { Stopped } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';
import { chooseNodes } from './choose-nodes.ts';
import { LinePrefix } from './line-prefix.ts';
import { mergeObjects } from './merge-objects.ts';
import { mergeTables, type NodeTable } from './merge-tables.ts';

/** Runs a command line for one device; resolves with its exit code. */
export type RunOne = (argv: readonly string[], io: CliIo, oneOf: OneOfSeveral) => Promise<number>;

/** Devices that are spoken to at once; the others wait. */
const maxAtOnce = 8;
/** What only asks has so long for each device. */
const askMs = 30_000;

/** `-f -`: what stdin says goes to every device. Behind `--` stands the command of somebody else. */
export function readsStdin(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).includes('-');
}

/**
 * Resolves with the worst exit code.
 *
 * @throws UsageError for what makes sense on one device alone
 */
export async function runOnSeveral(
  argv: readonly string[],
  on: WorksOn,
  context: CommandContext,
  runOne: RunOne,
): Promise<number> {
  const isTogether = on === 'SeveralTogether';
  refuseForOne(on, context);
  if (context.verb === 'push' && readsStdin(argv)) {
    throw new UsageError('an image on stdin goes to one device', 'give it as a file to send it to several');
  }
  const nodes = await chooseNodes(context);
  const input = readsStdin(argv) ? await readStdin(context.io, context.signal) : '';
  const limiter = new Limiter(maxAtOnce);
  const run = async (node: string, output: string | undefined, stdout: Writable): Promise<NodeRun> => {
    const tables: NodeTable[] = [];
    const onTable = (text: string, hasHeader: boolean): void => void tables.push({ node, text, hasHeader });
    const stderr = new LinePrefix(context.io.stderr, `[${node}] `);
    const patience = isTogether ? askMs : undefined;
    const exitCode = await limiter.run(
      () =>
        runFor(node, context, { input, stdout, stderr, patience }, (io) => runOne(argv, io, { node, output, onTable })),
      context.signal,
    );
    await Promise.all([ended(stdout), ended(stderr)]);
    return { node, exitCode, tables };
  };
  if (!isTogether) {
    const { stdout } = context.io;
    const runs = await Promise.all(nodes.map((node) => run(node, undefined, new LinePrefix(stdout, `[${node}] `))));
    return worst(runs, context.signal);
  }
  const format = parseOutputFormat(context.flags.output);
  const areObjects = context.verb !== 'version' && format.kind !== 'table';
  const collected = nodes.map((node) => ({ node, stdout: new Collected() }));
  const runs = await context.terminal.during(`asking ${nodes.length} devices`, () =>
    Promise.all(collected.map(({ node, stdout }) => run(node, areObjects ? 'json' : undefined, stdout))),
  );
  const printed = collected.map(({ node, stdout }) => ({ node, text: stdout.text }));
  if (areObjects) {
    const print = createObjectPrinter({ format, noHeaders: false, showManagedFields: true });
    await context.print(await print(mergeObjects(printed)));
  } else {
    await context.print(alignTabs(mergeTables(runs.flatMap(({ tables }) => tables)), tableTabs));
    for (const { node, text } of printed) {
      if (text.trim() !== '') await context.print(`==> ${node} <==\n${text}\n`);
    }
  }
  return worst(runs, context.signal);
}

interface NodeRun {
  readonly node: string;
  readonly exitCode: number;
  readonly tables: readonly NodeTable[];
}

/** @throws the reason of `signal` when it has aborted: what ended them all says how it ends, as with one device */
function worst(runs: readonly NodeRun[], signal: AbortSignal): number {
  signal.throwIfAborted();
  return Math.max(...runs.map(({ exitCode }) => exitCode));
}

function refuseForOne(on: WorksOn, { verb, flags }: CommandContext): void {
  const isForOne = on === 'NoDevice' || on === 'OneDevice';
  const { stdin, tty, watch, watchOnly } = flags as Readonly<Record<string, unknown>>;
  const what = isForOne ? verb : stdin ? '--stdin' : tty ? '--tty' : watch || watchOnly ? '--watch' : undefined;
  if (what !== undefined) {
    throw new UsageError(`${what} works on one device, not on several`, 'name one with --node');
  }
}

interface Ends {
  /** What the command reads from stdin. */
  readonly input: string;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Milliseconds for all of it; undefined: it takes as long as it takes. */
  readonly patience: number | undefined;
}

/** The world of one command: its own ends, our signals, and an end when it takes too long. */
async function runFor(
  node: string,
  { io, signal }: CommandContext,
  { input, stdout, stderr, patience }: Ends,
  run: (io: CliIo) => Promise<number>,
): Promise<number> {
  let stop: ((name: StopSignal) => unknown) | undefined;
  const onAbort = (): void => {
    stop?.(signal.reason instanceof Stopped ? signal.reason.by : 'SIGTERM');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const over = new AbortController();
  let isLate = false;
  if (patience !== undefined) {
    io.clock.sleep(patience, over.signal).then(
      () => {
        isLate = true;
        stop?.('SIGTERM');
      },
      () => {},
    );
  }
  try {
    const exitCode = await run({
      stdin: Readable.from(input === '' ? [] : [input]) as InputStream,
      stdout: stdout as OutputStream,
      stderr: stderr as OutputStream,
      env: { ...io.env, ELI_NODE: undefined },
      clock: io.clock,
      files: io.files,
      runProgram: (command) => io.runProgram(command),
      readProgram: (command, programSignal) => io.readProgram(command, programSignal),
      lan: io.lan,
      processes: io.processes,
      outputFiles: () => io.outputFiles(),
      directory: io.directory,
      onStopSignal: (listener) => {
        stop = listener;
        return () => {
          stop = undefined;
        };
      },
      onOtherSignal: () => () => {},
    });
    if (!isLate) return exitCode;
    stderr.write(`error: no answer from ${node} within ${(patience ?? 0) / 1_000} s\n`);
    return 1;
  } finally {
    over.abort();
    signal.removeEventListener('abort', onAbort);
  }
}

/** Keeps what one device prints; it is bounded by what one answer may be. */
class Collected extends Writable {
  readonly isTTY = false;
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}

/** Resolves when all was written, or nobody reads it any longer; that may have been so before. */
async function ended(stream: Writable): Promise<void> {
  stream.end();
  // That a reader has gone is told by the signal of the whole command.
  await finished(stream).catch(() => {});
}
