/** One line of a log file in CRI's format: `<RFC 3339 time> <stdout|stderr> <F|P> <text>`. */
export interface LogLine {
  /** As it stands in the file. */
  readonly time: string;
  /** Else stderr. */
  readonly isStdout: boolean;
  /** True for a piece of a longer line: no newline follows its text. */
  readonly isPartial: boolean;
  /** Without the newline; any bytes, not only UTF-8. */
  readonly text: Buffer;
}

const space = 0x20;
const letterP = 0x50;
/** The letter that tells `stdout` from `stderr`. */
const letterO = 0x6f;

/** Reads one line, without its newline; undefined when it is not in the format. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const afterTime = line.indexOf(space);
  const afterStream = line.indexOf(space, afterTime + 1);
  if (afterTime <= 0 || afterStream < 0) return undefined;
  // Tags are separated by colons, the first one says whether the line is complete.
  const afterTags = line.indexOf(space, afterStream + 1);
  const tagsEnd = afterTags < 0 ? line.length : afterTags;
  if (tagsEnd === afterStream + 1) return undefined;
  return {
    time: line.toString('latin1', 0, afterTime),
    isStdout: line[afterTime + 4] === letterO,
    isPartial: line[afterStream + 1] === letterP,
    text: line.subarray(Math.min(tagsEnd + 1, line.length)),
  };
}

/** Milliseconds since the epoch; NaN when `time` is no RFC 3339 time. Parts of a millisecond are cut off. */
export function parseLogTime(time: string): number {
  return Date.parse(time.replace(/(\.\d{3})\d+/, '$1'));
}

/** The same time with nine digits of a second, as `kubectl logs --timestamps` shows it. */
export function padLogTime(time: string): string {
  const match = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  return match ? `${match[1]}.${(match[2] ?? '').padEnd(9, '0')}${match[3]}` : time;
}
