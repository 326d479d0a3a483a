/** The command line: gives `runEli` this process and ends with its exit code. */
import fs, { type Stats } from 'node:fs';
import type { FileAccess, FileKind, SignalName } from '../cli/io.ts';
import { runEli } from '../cli/main.ts';
import { createSystemClock } from '../lib/clock.ts';

/** At once wherever that cannot take long: `fs.promises` costs a short command two milliseconds. */
const files: FileAccess = {
  // A pipe may have nothing to say yet, and signals must be heard meanwhile.
  readFile: async (path) => (fs.statSync(path).isFile() ? fs.readFileSync(path) : await fs.promises.readFile(path)),
  openFile: (path) => fs.createReadStream(path),
  readDirectory: async (path) => fs.readdirSync(path),
  kindOf: async (path) => kindOf(path),
  sizeOf: async (path) => fs.statSync(path).size,
  mayUse: async (path) => {
    try {
      fs.accessSync(path, fs.constants.R_OK | fs.constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
};

function kindOf(path: string): FileKind {
  let stats: Stats;
  try {
    stats = fs.statSync(path);
  } catch {
    return 'missing';
  }
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
