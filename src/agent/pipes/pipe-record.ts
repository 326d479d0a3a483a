/** Notes how far a pipe is in a file on tmpfs: exact, and as good as free. It outlives eliotd and ends with the boot. */
import type { ProgressRecord } from './pipe-flow.ts';
import type { PipeProgress } from './pipe-progress.ts';

/** Implemented by `host/record-file.ts`. */
export interface RecordFile {
  read(): string;
  write(text: string): void;
  close(): void;
}

/** A record that is open. */
export interface PipeRecord extends ProgressRecord {
  close(): void;
}

/**
 * Opens the file when it is first used; a file that cannot be read is as if it were not there.
 *
 * @param bootId a run directory that is no tmpfs may hold the record of an earlier boot, which says nothing
 */
export function createPipeRecord(open: () => RecordFile, bootId: string): PipeRecord {
  let opened: RecordFile | undefined;
  const file = (): RecordFile => (opened ??= open());
  return {
    read: () => {
      try {
        const found = JSON.parse(file().read()) as { readonly bootId: string; readonly progress: PipeProgress };
        return found.bootId === bootId ? withAllFields(found.progress) : undefined;
      } catch {
        return undefined;
      }
    },
    write: (progress) => file().write(JSON.stringify({ bootId, progress })),
    close: () => opened?.close(),
  };
}

/** Fields without a value are not written. */
function withAllFields(progress: PipeProgress): PipeProgress {
  const { from, to, read, middle } = progress;
  return { ...progress, from, to, read, middle };
}
