/**
 * The few commands that tests run, with the behaviour of Debian's busybox, so that one test holds
 * for the fake runtime and for real containers: true, false, echo, printf, sleep, cat, head -c,
 * stty size, env, nc -ll -p PORT -e cat, and `sh -c` with `;`, `exit`, `trap` and `>&2`.
 */
import { type FakeProcess, type FakeProgram, writeAll } from './fake-process.ts';

/** The program that `argv` names, or undefined when there is no such file in the image. */
export function findBusyboxProgram(argv: readonly string[]): FakeProgram | undefined {
  const name = (argv[0] ?? '').replace(/^(\/usr)?\/bin\//, '');
  if (name === 'busybox' && argv.length > 1) return findBusyboxProgram(argv.slice(1));
  const applet = Object.hasOwn(applets, name) ? applets[name] : undefined;
  return applet && ((process) => applet({ ...process, args: [name, ...argv.slice(1)] }));
}

/** A well-behaved server: runs until SIGTERM, then exits 0. What images without a command run. */
export const serverProgram: FakeProgram = (process) => {
  process.onTerm(0);
  return new Promise(() => {});
};

const applets: Readonly<Record<string, FakeProgram>> = {
  true: async () => 0,
  false: async () => 1,
  echo: async ({ args, stdout }) => {
    await writeAll(stdout, `${args.slice(1).join(' ')}\n`);
    return 0;
  },
  printf: async ({ args, stdout }) => {
    await writeAll(stdout, (args[1] ?? '').replaceAll('\\n', '\n').replaceAll('\\r', '\r'));
    return 0;
  },
  env: async ({ env, stdout }) => {
    for (const [name, value] of Object.entries(env)) await writeAll(stdout, `${name}=${value}\n`);
    return 0;
  },
  sleep: async ({ args, clock, ended }) => {
    if (args[1] === 'infinity') return new Promise<number>(() => {});
    await clock.sleep(Number(args[1]) * 1000, ended);
    return 0;
  },
  cat: async ({ stdin, stdout }) => {
    for await (const chunk of stdin) await writeAll(stdout, chunk);
    return 0;
  },
  head: async ({ args, stdout }) => {
    const piece = Buffer.alloc(65_536);
    for (let left = Number(args[2]); left > 0; left -= piece.length) {
      await writeAll(stdout, piece.subarray(0, Math.min(left, piece.length)));
    }
    return 0;
  },
  stty: async ({ size, stdout }) => {
    const { width, height } = size() ?? { width: 80, height: 24 };
    await writeAll(stdout, `${height} ${width}\r\n`);
    return 0;
  },
  nc: async ({ args, listen }) => {
    listen(Number(args[args.indexOf('-p') + 1]), (connection) => {
      connection.on('error', () => {});
      connection.pipe(connection);
    });
    return new Promise(() => {});
  },
  sh: async (process) => {
    const { args, stdin } = process;
    if (args[1] === '-c') return runScript(args[2] ?? '', process);
    for await (const line of stdin) {
      const exitCode = await runScript(String(line), process);
      if (/^\s*exit\b/.test(String(line))) return exitCode;
    }
    return 0;
  },
};

async function runScript(script: string, process: FakeProcess): Promise<number> {
  let exitCode = 0;
  // `sleep 9 & wait` differs from `sleep 9` only in that the shell can handle signals meanwhile.
  for (const statement of script.replaceAll(/&\s*wait\s*$/g, '').split(/[;\n]/)) {
    const words = (statement.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/, '$2'));
    if (words.length === 0) continue;
    if (words[0] === 'exec') words.shift();
    if (words[0] === 'exit') return Number(words[1] ?? exitCode);
    if (words[0] === 'trap') {
      const [, action = ''] = words;
      process.onTerm(action === '' ? 'ignore' : Number(action.replace('exit', '').trim()));
      continue;
    }
    const toStderr = words.at(-1) === '>&2';
    if (toStderr) words.pop();
    const program = findBusyboxProgram(words);
    if (!program) {
      await writeAll(process.stderr, `sh: ${words[0]}: not found\n`);
      exitCode = 127;
      continue;
    }
    exitCode = await program(toStderr ? { ...process, stdout: process.stderr } : process);
  }
  return exitCode;
}
