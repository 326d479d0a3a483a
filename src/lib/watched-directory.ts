/** A directory of small text files that says when something in it changes. Not recursive. */
import { watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from './unless-missing.ts';

/** Larger files are no hand-written text; reading them would cost memory. */
const largestFileBytes = 3 * 1024 * 1024;

export interface TextFile {
  /** Without directory. */
  readonly name: string;
  readonly text: string;
}

export class WatchedDirectory {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The wanted regular files (links followed), by name; undefined when there is no directory. A file that vanishes
   * meanwhile is left out.
   *
   * @param isWanted told the name; what is not wanted is not looked at, however large it is
   * @throws Error for one that cannot be read or is larger than 3 MiB
   */
  async read(isWanted: (name: string) => boolean): Promise<readonly TextFile[] | undefined> {
    const names = await unlessMissing(readdir(this.#path));
    if (names === undefined) return undefined;
    const files: TextFile[] = [];
    for (const name of names.filter(isWanted).sort()) {
      const path = join(this.#path, name);
      const status = await unlessMissing(stat(path));
      if (!status?.isFile()) continue;
      if (status.size > largestFileBytes) throw new Error(`${name} is larger than ${largestFileBytes} bytes`);
      const text = await unlessMissing(readFile(path, 'utf8'));
      if (text !== undefined) files.push({ name, text });
    }
    return files;
  }

  /**
   * Calls `onChange` at each change of the directory until `signal` aborts. Does nothing where none can be noticed (there is
   * no directory, or the system has no watch left): so read at an interval too.
   */
  watch(signal: AbortSignal, onChange: () => void): void {
    if (signal.aborted) return;
    try {
      const watcher = watch(this.#path, { persistent: false }, onChange);
      // The directory itself went away: the next reading finds out.
      watcher.on('error', onChange);
      signal.addEventListener('abort', () => watcher.close(), { once: true });
    } catch {
      // Only the interval helps.
    }
  }
}
