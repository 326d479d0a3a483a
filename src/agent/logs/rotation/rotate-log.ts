/**
 * What is done to the files of one log: rotate them as the kubelet does, or let the runtime write nowhere for a while.
 * Each step can be cut off by a kill: the next start finds how far it came from the names alone.
 */
import { formatMicroTime } from '../../../lib/clock.ts';

/** The files of logs as rotation needs them; implemented by `host/log-files.ts`. */
export interface RotationFiles {
  look(path: string): { readonly inode: number; readonly size: number } | 'other' | undefined;
  /** The rotated files of a log, oldest first. */
  rotated(path: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  append(path: string, text: string): Promise<void>;
  /** Puts a symbolic link at `path`, at once, whatever stands there. */
  link(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string | undefined>;
}

export interface RotateDeps {
  readonly files: RotationFiles;
  /** Makes the runtime open the file at the log's path anew. */
  readonly reopen: () => Promise<void>;
  /** Wall clock, for names and the line about what is missing. */
  readonly nowMs: number;
}

/**
 * Renames the log and has a new one begun; keeps `maxFiles` in all. Lines are neither lost nor written twice: the
 * runtime writes into the renamed file until it opens the new one.
 *
 * @throws what the files or the runtime say; the log is then written where it was
 */
export async function rotateLog({ files, reopen, nowMs }: RotateDeps, path: string, maxFiles: number): Promise<void> {
  const rotated = await files.rotated(path);
  const surplus = rotated.length - Math.max(0, maxFiles - 2);
  for (const old of rotated.slice(0, Math.max(0, surplus))) await files.remove(old);
  const name = rotatedName(path, rotated.at(-1), nowMs);
  await files.rename(path, name);
  await orElse(reopen(), () => files.rename(name, path));
}

/**
 * Lets the runtime write into nothing; what is there is kept. `resumeLog` ends it, also after a restart.
 *
 * @throws as `rotateLog`
 */
export async function holdLog({ files, reopen, nowMs }: RotateDeps, path: string): Promise<void> {
  const kept = rotatedName(path, (await files.rotated(path)).at(-1), nowMs);
  // First the note, so that whoever comes after a kill knows what is to be undone.
  await files.link(kept, heldPath(path));
  await files.rename(path, kept);
  await orElse(files.link('/dev/null', path).then(reopen), () => files.rename(kept, path));
}

/** Whether `holdLog` was begun and not undone. */
export function isHeld(files: Pick<RotationFiles, 'look'>, path: string): boolean {
  return files.look(heldPath(path)) !== undefined;
}

/** Puts the kept file back, with a line that says what is missing, and has the runtime write on in it. */
export async function resumeLog(
  { files, reopen, nowMs }: RotateDeps,
  path: string,
  why: { readonly sinceMs: number | undefined; readonly bytesPerSecond: number },
): Promise<void> {
  const kept = await files.readLink(heldPath(path));
  if (kept !== undefined && typeof files.look(kept) === 'object') {
    // A full disk has no room for it; the log matters more than the line.
    await files.append(kept, missingLine(nowMs, why)).catch(() => {});
    await files.rename(kept, path);
  } else if (files.look(path) === 'other') {
    await files.remove(path);
  }
  await reopen();
  await files.remove(heldPath(path));
}

function heldPath(path: string): string {
  return `${path}.held`;
}

function missingLine(
  nowMs: number,
  why: { readonly sinceMs: number | undefined; readonly bytesPerSecond: number },
): string {
  const since = why.sinceMs === undefined ? '' : ` from ${formatMicroTime(why.sinceMs)}`;
  const text = `eliot: output${since} to ${formatMicroTime(nowMs)} is missing: more than ${why.bytesPerSecond} bytes a second`;
  return `${formatMicroTime(nowMs)} stderr F ${text}\n`;
}

/**
 * The kubelet's form, in UTC; always later than the last one, even if the clock was set back by decades: the order of
 * the names is the order of the files.
 */
function rotatedName(path: string, last: string | undefined, nowMs: number): string {
  const digits = last?.slice(path.length + 1) ?? '';
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(digits);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = (match?.slice(1) ?? []).map(Number);
  const earliestMs = match ? Date.UTC(year, month - 1, day, hour, minute, second) + 1_000 : 0;
  const text = new Date(Math.max(nowMs, earliestMs)).toISOString();
  return `${path}.${text.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`;
}

async function orElse(work: Promise<void>, undo: () => Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    await undo().catch(() => {});
    throw error;
  }
}
