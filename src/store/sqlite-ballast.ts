/**
 * A file that only takes space, given back when the disk is full, so that deleting always works
 * (design D14): a delete in SQLite needs a few pages before it gives any back.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** More than SQLite's log (1 MiB) takes when it goes into the file, which a delete on a full disk begins with. */
export const defaultBallastBytes = 2 * 1024 * 1024;

export class Ballast {
  readonly #path: string;
  readonly #bytes: number;

  constructor(path: string, bytes: number = defaultBallastBytes) {
    this.#path = path;
    this.#bytes = bytes;
  }

  /** Gives the space back. @returns whether there was any to give */
  release(): boolean {
    if (!existsSync(this.#path)) return false;
    rmSync(this.#path, { force: true });
    return true;
  }

  /** Takes the space (again) when it is not taken and at least four times as much is free. Never throws. */
  ensure(): void {
    if (existsSync(this.#path)) return;
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#path));
      if (bavail * bsize >= 4 * this.#bytes) this.#write();
    } catch {
      // Without ballast everything works but deleting on a full disk.
      rmSync(this.#path, { force: true });
    }
  }

  #write(): void {
    const file = openSync(this.#path, 'w', 0o600);
    try {
      // Random, for a file system that compresses would give zeros no space.
      const block = randomFillSync(Buffer.alloc(64 * 1024));
      for (let written = 0; written < this.#bytes; written += block.length) {
        writeSync(file, block, 0, Math.min(block.length, this.#bytes - written));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
