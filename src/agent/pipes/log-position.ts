/** A place in what a container has printed on stdout over all its runs. */
export interface LogPosition {
  /** Path of the log of one run, `…/web/3.log`; rotation gives its older files other names. */
  readonly run: string;
  /** Identity of the file among those of that run. */
  readonly inode: number;
  /** Bytes of the file before the entry that comes next. */
  readonly offset: number;
  /** Bytes of that entry's text that lie before the place. */
  readonly skip: number;
  /** Whether the last byte before the place was none that ends a line. */
  readonly isMidLine: boolean;
}

/** Runs are numbered as the container is started; undefined for what is no log of a run. */
export function runNumber(path: string): number | undefined {
  const match = /\/(\d+)\.log$/.exec(path);
  return match ? Number(match[1]) : undefined;
}

/** Whether the same byte comes next. */
export function isSamePosition(a: LogPosition | undefined, b: LogPosition | undefined): boolean {
  return a?.run === b?.run && a?.inode === b?.inode && a?.offset === b?.offset && a?.skip === b?.skip;
}
