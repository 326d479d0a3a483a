/** The command line: gives `runEli` this process and ends with its exit code. */
import { constants, createReadStream } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import type { FileAccess, FileKind, SignalName } from '../cli/io.ts';
import { runEli } from '../cli/main.ts';
import { createSystemClock } from '../lib/clock.ts';

const files: FileAccess = {
  readFile: (path) => readFile(path),
  openFile: (path) => createReadStream(path),
  readDirectory: (path) => readdir(path),
  kindOf: (path) => stat(path).then(kindOf, () => 'missing' as const),
  sizeOf: async (path) => (await stat(path)).size,
  mayUse: (path) =>
    access(path, constants.R_OK | constants.W_OK).then(
      () => true,
      () => false,
    ),
};

function kindOf(stats: Awaited<ReturnType<typeof stat>>): FileKind {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSocket()) return 'socket';
  return stats.isFile() ? 'file' : 'other';
}

/** The first signal asks us to stop; a second one finds no listener and ends the process. */
function onSignal(listener: (name: SignalName) => void): () => void {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.once(name, listener);
  return () => {
    for (const name of names) process.off(name, listener);
  };
}

const { stdout, stderr, env } = process;
void runEli(process.argv.slice(2), {
  get stdin() {
    // Opened when it is read: a terminal that nobody reads must not be touched.
    return process.stdin;
  },
  stdout,
  stderr,
  env,
  clock: createSystemClock(),
  files,
  onSignal,
  // An open stdin or a kept connection must not hold us.
}).then((exitCode) => process.exit(exitCode));
