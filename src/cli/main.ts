/**
 * The command line as a function: arguments and the world around it in, exit code out. It never ends the
 * process, and nothing it does outlives it.
 *
 * Exit codes: 0; 1 for every failure; the command's own for `exec` and `run`; 128 + n when signal n ended it, and 141
 * (SIGPIPE) when the reader of the output left, as with every Unix tool.
 */
import { CommanderError } from 'commander';
import { withPlainBooleans } from './boolean-flags.ts';
import { CommandContext, type OneOfSeveral } from './context.ts';
import { describeFailure } from './failure.ts';
import type { CliIo, StopSignal } from './io.ts';
import { flush, OutputClosed } from './output.ts';
import { createProgram, isHelp } from './program.ts';
import type { WorksOn } from './program-options.ts';
import { Stopped } from './stopped.ts';

const exitCodeBySignal: Readonly<Record<StopSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const brokenPipeExitCode = 141;

/** Runs one command line; `argv` without node and script. Resolves with the exit code, never rejects. */
export function runEli(argv: readonly string[], io: CliIo): Promise<number> {
  return runOne(argv, io);
}

/** @param oneOf when it is one run of several, each for one device */
async function runOne(argv: readonly string[], io: CliIo, oneOf?: OneOfSeveral): Promise<number> {
  const stop = new AbortController();
  const context = new CommandContext(io, stop.signal, oneOf);
  const releaseSignals = io.onStopSignal((name) => {
    if (context.handOn(name)) return true;
    stop.abort(new Stopped(name));
    return false;
  });
  // The reader of our output left; its error must not become an uncaught exception.
  const onOutputError = (): void => stop.abort(new OutputClosed('output closed'));
  io.stdout.on('error', onOutputError);
  io.stderr.on('error', onOutputError);
  const finish = async (exitCode: number): Promise<number> => {
    await Promise.all([flush(io.stdout, stop.signal), flush(io.stderr, stop.signal)]);
    return exitCode;
  };
  try {
    // What fails because of the stop is not worth a word.
    return await parseAndRun(argv, context)
      .catch((error) => report(stop.signal.aborted ? stop.signal.reason : error, context, argv))
      .then(finish);
  } catch {
    // Stopped while the last output waited for its reader.
    return report(stop.signal.reason, context, argv);
  } finally {
    releaseSignals();
    context.close();
  }
}

async function parseAndRun(argv: readonly string[], context: CommandContext): Promise<number> {
  const { io } = context;
  let exitCode = 0;
  const program = createProgram(argv, {
    context,
    run: async (work, on = 'OneDevice') => {
      exitCode = isForSeveral(context, on)
        ? await (await import('./several/run-on-several.ts')).runOnSeveral(argv, on, context, runOne)
        : await work();
    },
    write: (text) => void io.stdout.write(text),
    writeError: (text) => void io.stderr.write(text),
  });
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  await program.parseAsync(withPlainBooleans(argv, program), { from: 'user' });
  return exitCode;
}

function isForSeveral({ flags, io }: CommandContext, on: WorksOn): boolean {
  const node = flags.node ?? (on === 'NoDevice' ? undefined : io.env['ELI_NODE']);
  return flags.allNodes === true || node?.includes(',') === true;
}

function report(error: unknown, context: CommandContext, argv: readonly string[]): number {
  if (error instanceof Stopped) return exitCodeBySignal[error.by];
  if (error instanceof OutputClosed) return brokenPipeExitCode;
  if (error instanceof CommanderError) {
    if (isHelp(error)) return 0;
    context.note(error.message);
    context.note(`  ${usageHint(error, argv)}`);
    return 1;
  }
  const session = context.opened;
  context.note(
    describeFailure(error, {
      device: session?.transport.address,
      namespace: session?.namespace ?? 'default',
    }),
  );
  return 1;
}

/** Verbs that take a command. */
const formsWithCommand: Readonly<Record<string, string>> = { exec: 'exec POD', run: 'run IMAGE', up: 'up' };

function usageHint(error: CommanderError, argv: readonly string[]): string {
  const verb = argv.find((word) => /^[a-z][a-z-]+$/.test(word));
  const form = verb === undefined ? undefined : formsWithCommand[verb];
  if (error.code === 'commander.unknownOption' && form !== undefined) {
    return `flags of the command itself go after two dashes: eli ${form} -- COMMAND`;
  }
  const known = verb !== undefined && error.code !== 'commander.unknownCommand';
  return `see "eli ${known ? `${verb} ` : ''}--help"`;
}
