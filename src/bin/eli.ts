/** The command line: gives `runEli` this process and ends with its exit code. */
import fs, { type Stats } from 'node:fs';
import type { LanAccess } from '../cli/discovery/lan.ts';
import type { CliIo, FileAccess, FileKind, Processes, SignalName, StopSignal } from '../cli/io.ts';
import { runEli } from '../cli/main.ts';
import { createSystemClock } from '../lib/clock.ts';
import { printedBy } from '../lib/printed-by.ts';

/** At once wherever that cannot take long: `fs.promises` costs a short command two milliseconds. */
const files: FileAccess = {
  // A pipe may have nothing to say yet, and signals must be heard meanwhile.
  readFile: async (path) => (fs.statSync(path).isFile() ? fs.readFileSync(path) : await fs.promises.readFile(path)),
  openFile: (path, range) => fs.createReadStream(path, range),
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
  writeFile: async (path, content, mode) => {
    const { writeUserFile } = await import('../lib/user-file.ts');
    await writeUserFile(path, content, mode);
  },
  createFile: async (path) => {
    const { createUserFile } = await import('../lib/user-file.ts');
    await createUserFile(path);
  },
  removeFile: async (path) => fs.rmSync(path, { force: true }),
  removeDirectory: (path) => fs.promises.rm(path, { recursive: true, force: true }),
};

const lan: LanAccess = {
  interfaces: async () => (await import('node:os')).networkInterfaces(),
  openSockets: async (options) => new (await import('../lib/mdns/multicast-sockets.ts')).MulticastSockets(options),
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

/** A signal asks us to stop; the next one finds no listener and ends the process. */
const onStopSignal: CliIo['onStopSignal'] = (listener) => {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (name: StopSignal): void => {
    if (!listener(name)) release();
  };
  const release = listenTo(names, onSignal);
  return release;
};

const onOtherSignal: CliIo['onOtherSignal'] = (listener) =>
  listenTo(['SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT', 'SIGTSTP', 'SIGWINCH', 'SIGIO', 'SIGPWR'], listener);

function listenTo<N extends SignalName>(names: readonly N[], listener: (name: N) => void): () => void {
  for (const name of names) process.on(name, listener as NodeJS.SignalsListener);
  return () => {
    for (const name of names) process.off(name, listener as NodeJS.SignalsListener);
  };
}

/** What it needs is loaded for an editor only; see `no-child-processes` in the build. */
function runProgram([program = '', ...args]: readonly string[]): Promise<number> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { constants } = process.getBuiltinModule('node:os');
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(program, args, { stdio: 'inherit' });
  child.once('error', reject);
  child.once('exit', (exitCode, signal) =>
    resolve(exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal])),
  );
  return promise;
}

const processes: Processes = {
  own: process.pid,
  isRunning: (id) => {
    try {
      process.kill(id, 0);
      return true;
    } catch (error) {
      // It is somebody else's.
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  },
};

function outputFiles(): readonly string[] {
  return [1, 2].flatMap((descriptor) => {
    try {
      const path = fs.readlinkSync(`/proc/self/fd/${descriptor}`);
      return kindOf(path) === 'file' ? [path] : [];
    } catch {
      // Only Linux says so.
      return [];
    }
  });
}

/** Loaded when it is used; see `no-child-processes` in the build. */
const readProgram: CliIo['readProgram'] = (command, signal) =>
  printedBy(process.getBuiltinModule('node:child_process').spawn, command, signal);

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
  runProgram,
  readProgram,
  onStopSignal,
  onOtherSignal,
  lan,
  processes,
  outputFiles,
  get directory() {
    return process.cwd();
  },
  // An open stdin or a kept connection must not hold us.
}).then((exitCode) => process.exit(exitCode));
