/**
 * By what the next session of a person knows that it runs on the same machine as the one before: names of people and of machines
 * are alike in many places, `root@localhost` most of all.
 */
import { createHash } from 'node:crypto';
import type { FileAccess } from '../io.ts';

const machineFile = '/etc/machine-id';
const bootFile = '/proc/sys/kernel/random/boot_id';

/** Hashes: what a machine is called by its system is for nobody else (machine-id(5)). */
export interface Machine {
  /** The same for as long as its system is installed. */
  readonly id: string;
  /** Another one after each boot; ids of processes mean something within one. */
  readonly boot: string;
}

/** Undefined when the machine does not say: few but Linux do. */
export async function readMachine(files: Pick<FileAccess, 'readFile'>): Promise<Machine | undefined> {
  const read = async (path: string): Promise<string> =>
    (await files.readFile(path).catch(() => Buffer.alloc(0))).toString('utf8').trim();
  const [id, boot] = [await read(machineFile), await read(bootFile)];
  // systemd writes "uninitialized" into a system that was never started; all of them have it alike.
  if (id === '' || id === 'uninitialized' || boot === '') return undefined;
  return { id: hash(id), boot: hash(boot) };
}

/** As in the annotation of a pod. */
export function formatMachine({ id, boot }: Machine): string {
  return `${id}.${boot}`;
}

/** Undefined when it is none. */
export function parseMachine(text = ''): Machine | undefined {
  const [id, boot] = text.split('.');
  return id && boot ? { id, boot } : undefined;
}

function hash(text: string): string {
  return createHash('sha256').update(`eli up: ${text}`).digest('hex').slice(0, 16);
}
