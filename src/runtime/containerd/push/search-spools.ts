/**
 * Looks for chunks in layers that have come in part: who builds anew before his push has ended sends what has arrived only once.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../../lib/chunks/cut-chunks.ts';
import { isStatusError } from '../../../lib/status-error.ts';
import { LayerSpool, readSpooled } from './layer-spool.ts';
import type { WantedChunks } from './wanted-chunks.ts';

export interface SpoolSearch {
  /** Directory of all of them. */
  readonly directory: string;
  /** The layer that is looked for, which is not looked in. */
  readonly diffID: string;
  readonly wanted: WantedChunks;
  readonly put: (step: number, data: Uint8Array) => void;
}

/** Takes what is wanted, and in its place there. What goes meanwhile, as its layer is complete, has nothing for us. */
export async function searchSpools(search: SpoolSearch): Promise<void> {
  const { directory, diffID, wanted } = search;
  for (const name of readdirSync(directory)) {
    if (wanted.count === 0) return;
    try {
      const other = readSpooled(join(directory, name));
      if (other !== undefined && other.diffID !== diffID) await searchSpool(new LayerSpool(directory, other), search);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // Damaged by a power cut is `Invalid`.
      if (code !== 'ENOENT' && code !== 'ENOTDIR' && !isStatusError(error, 'Invalid')) throw error;
    }
  }
}

async function searchSpool(spool: LayerSpool, { wanted, put }: SpoolSearch): Promise<void> {
  // Its own child may be about to make it.
  if (!existsSync(spool.path)) return;
  const table = await spool.readTable();
  if (table === undefined) return;
  const file = openSync(spool.path, 'r');
  try {
    for (let step = 0; step < table.count; step += 1) {
      if (table.chunkBytes(step) === 0 || !wanted.wants(table.digest(step))) continue;
      const data = Buffer.alloc(table.chunkBytes(step));
      readSync(file, data, 0, data.length, table.chunkOffset(step));
      const digest = digestOf(data);
      if (digest === table.digest(step)) for (const each of wanted.take(digest)) put(each, data);
    }
  } finally {
    closeSync(file);
  }
}
