/** Files and directories as the agent needs them; paths are absolute. */
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { unlessMissing } from '../lib/unless-missing.ts';

export type FileKind = 'file' | 'directory' | 'symlink' | 'socket' | 'charDevice' | 'blockDevice' | 'other';

export interface FileInfo {
  readonly kind: FileKind;
  /** Permission bits, without the type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Failures are Node's own errors, with their `code`. */
export interface Files {
  /** Makes the directory and its parents; an existing one is left as it is, a new one gets exactly `mode`. */
  makeDirectory(path: string, mode: number): Promise<void>;
  /** Writes a file with exactly `mode`, whatever the umask is. */
  writeFile(path: string, content: Uint8Array | string, mode: number): Promise<void>;
  /** Replaces the content of a file in place, for those who have it open or mounted; they never see it empty. */
  overwrite(path: string, content: string): Promise<void>;
  /** The whole file; undefined when there is none. */
  readFile(path: string): Promise<Buffer | undefined>;
  /** At most the first `maxBytes` of a file, however large it is; undefined when there is none. */
  readStart(path: string, maxBytes: number): Promise<Buffer | undefined>;
  /** At most the last `maxBytes` of a file, however large it is; undefined when there is none. */
  readEnd(path: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Names in a directory; undefined when there is none. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** What stands there; undefined when nothing does. Symbolic links are followed unless `follow` is false. */
  info(path: string, follow?: boolean): Promise<FileInfo | undefined>;
  symlink(target: string, path: string): Promise<void>;
  readSymlink(path: string): Promise<string | undefined>;
  /** Replaces what stands at `to`, at once. */
  rename(from: string, to: string): Promise<void>;
  /** Everything below it too; fine when there is nothing. */
  remove(path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** Leaves the owner when `uid` is undefined. */
  chown(path: string, uid: number | undefined, gid: number | undefined): Promise<void>;
  /** The path without symbolic links. */
  realPath(path: string): Promise<string>;
}

/** The machine's file system. */
export function createFiles(): Files {
  return {
    async makeDirectory(path, mode) {
      if ((await mkdir(path, { recursive: true, mode })) !== undefined) await chmod(path, mode);
    },
    async writeFile(path, content, mode) {
      await writeFile(path, content, { mode });
      await chmod(path, mode);
    },
    async overwrite(path, content) {
      const bytes = Buffer.from(content);
      const file = await open(path, 'r+');
      try {
        await file.write(bytes, 0, bytes.length, 0);
        await file.truncate(bytes.length);
      } finally {
        await file.close();
      }
    },
    readFile: (path) => unlessMissing(readFile(path)),
    readStart: (path, maxBytes) => unlessMissing(readPart(path, maxBytes, () => 0)),
    readEnd: (path, maxBytes) => unlessMissing(readPart(path, maxBytes, (size) => Math.max(0, size - maxBytes))),
    list: (path) => unlessMissing(readdir(path)),
    info: async (path, follow = true) => {
      const found = await unlessMissing(follow ? stat(path) : lstat(path));
      return found && { kind: kindOf(found), mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
    },
    symlink: (target, path) => symlink(target, path),
    readSymlink: (path) => unlessMissing(readlink(path)),
    rename: (from, to) => rename(from, to),
    remove: (path) => rm(path, { recursive: true, force: true }),
    chmod: (path, mode) => chmod(path, mode),
    async chown(path, uid, gid) {
      const present = await stat(path);
      await chown(path, uid ?? present.uid, gid ?? present.gid);
    },
    realPath: (path) => realpath(path),
  };
}

async function readPart(path: string, maxBytes: number, startOf: (size: number) => number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const part = Buffer.alloc(Math.min(size, maxBytes));
    const { bytesRead } = await file.read(part, 0, part.length, startOf(size));
    return part.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function kindOf(stats: Awaited<ReturnType<typeof stat>>): FileKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isSocket()) return 'socket';
  if (stats.isCharacterDevice()) return 'charDevice';
  if (stats.isBlockDevice()) return 'blockDevice';
  return 'other';
}
