/** The files of container logs, as their reader needs them; implemented by `host/log-files.ts`. */
export interface LogFile {
  /** Identity of the file, whatever it is called now. */
  readonly inode: number;
  readSize(): Promise<number>;
  /** Fills the start of `buffer` from `position` on; resolves with the number of bytes, 0 at the end. */
  read(buffer: Buffer, position: number): Promise<number>;
  /** Whether the runtime has it open, and has written to it lately: it may still write what it had in hand when it was told to open another. */
  isBeingWritten(): Promise<boolean>;
  close(): Promise<void>;
}

export interface LogFiles {
  /** Undefined when there is none. */
  open(path: string): Promise<LogFile | undefined>;
  /** Identity of what is at this path now; undefined when nothing is. */
  readInode(path: string): Promise<number | undefined>;
  /** Every file of the log at `path`: what rotation made of it, oldest first, and the one that is written now. */
  list(path: string): Promise<readonly { readonly path: string; readonly inode: number }[]>;
  /**
   * Calls `listener` after anything in the directory of `path` may have changed, until the returned function is called.
   * It may miss changes where the system cannot watch; the reader looks by itself now and then.
   */
  watch(path: string, listener: () => void): () => void;
}
