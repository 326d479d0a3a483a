/** Whether a program has a file open, as `/proc` shows it. */
import { readdir, readFile, stat } from 'node:fs/promises';

export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/**
 * Whether a process of this name (the kernel's, of 15 letters) has the file open, whatever the file is called by now. Processes that end
 * meanwhile have nothing open. Looks at every process, off the event loop: for moments, not for loops.
 */
export async function isOpenIn(program: string, file: FileIdentity): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => (await nameOf(pid)) === program && (await hasOpen(pid, file))),
  );
  return found.includes(true);
}

async function nameOf(pid: string): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined))?.trimEnd();
}

async function hasOpen(pid: string, { dev, ino }: FileIdentity): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  const descriptors = await readdir(directory).catch(() => []);
  const found = await Promise.all(descriptors.map((name) => stat(`${directory}/${name}`).catch(() => undefined)));
  return found.some((each) => each?.ino === ino && each.dev === dev);
}
