/** Why something in a tree cannot be looked at or changed. `code` is for programs; the message names the path. */

/** What a program can do about it. */
export type TreeErrorCode =
  /** It is not as whoever wants to change it believes: nothing was done. */
  | 'Changed'
  /** A part of the path is no directory but something that may lead elsewhere. */
  | 'Blocked'
  /** The disk is full, or the quota is used up. */
  | 'NoSpace'
  /** The tree itself is gone. */
  | 'Gone'
  /** It cannot be: a bad path, too many files, content that is not what was announced. */
  | 'Invalid'
  /** What the file system said. */
  | 'Failed';

/** A failure of one path, or of the whole tree. */
export class TreeError extends Error {
  override readonly name = 'TreeError';
  readonly code: TreeErrorCode;

  constructor(code: TreeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The TreeError for what an access to `path` failed with. */
export function treeErrorOf(error: unknown, path: string): TreeError {
  if (error instanceof TreeError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const options = { cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT') return new TreeError('NoSpace', `${path}: no space left`, options);
  if (code === 'ELOOP' || code === 'ENOTDIR') {
    return new TreeError('Blocked', `${path}: a part of the path is no directory`, options);
  }
  if (code === 'EEXIST' || code === 'ENOTEMPTY' || code === 'ENOENT' || code === 'EISDIR') {
    return new TreeError('Changed', `${path}: it was changed meanwhile (${code})`, options);
  }
  return new TreeError('Failed', `${path}: ${code ?? message}`, options);
}
