/** The logs of the containers that pipes come from: which runs there are, and what of them nobody has read yet. */
import { type LogPosition, runNumber } from './log-position.ts';

export interface SourceFilesDeps {
  /** Names in a directory; undefined when there is none. */
  readonly names: (directory: string) => Promise<readonly string[] | undefined>;
  readonly look: (path: string) => { readonly inode: number; readonly size: number } | 'other' | undefined;
  /** The rotated files of a log, oldest first. */
  readonly rotated: (path: string) => Promise<readonly string[]>;
}

/** Paths of the logs of every run that has a file in one of the directories of a container; in any order. */
export async function listRuns({ names }: SourceFilesDeps, directories: readonly string[]): Promise<readonly string[]> {
  const runs = new Set<string>();
  for (const directory of directories) {
    for (const name of (await names(directory)) ?? []) {
      // While a log is rotated it has none but its older files.
      const [log] = /^\d+\.log(?=$|\.)/.exec(name) ?? [];
      if (log !== undefined) runs.add(`${directory}/${log}`);
    }
  }
  return [...runs];
}

/** The log that a file belongs to, whatever rotation called it. */
export function runOfFile(path: string): string {
  return path.replace(/(\/\d+\.log)\.[^/]*$/, '$1');
}

/** Bytes of a log, all its files together. */
export async function sizeOfRun({ look, rotated }: SourceFilesDeps, run: string): Promise<number> {
  return [...(await rotated(run)), run].reduce((sum, path) => sum + sizeAt(look, path), 0);
}

/** Bytes of one file of a log that lie behind a place: its whole size or nothing. What is open to be read is not lost by removal. */
export async function bytesBehind(
  { look, rotated }: SourceFilesDeps,
  path: string,
  position: LogPosition | undefined,
): Promise<number> {
  const run = runOfFile(path);
  const [number = -1, at = -1] = [runNumber(run), position && runNumber(position.run)];
  if (number < at) return 0;
  if (position === undefined || number > at) return sizeAt(look, path);
  const files = [...(await rotated(run)), run];
  const inodes = files.map((file) => inodeAt(look, file));
  // A file that is not there any more was older than all that are.
  return files.indexOf(path) > inodes.indexOf(position.inode) ? sizeAt(look, path) : 0;
}

function sizeAt(look: SourceFilesDeps['look'], path: string): number {
  const found = look(path);
  return typeof found === 'object' ? found.size : 0;
}

function inodeAt(look: SourceFilesDeps['look'], path: string): number | undefined {
  const found = look(path);
  return typeof found === 'object' ? found.inode : undefined;
}
