/** Reads what `eli cp` copies: `PATH` here, `[NAMESPACE/]POD:PATH` in a pod. Pure; complaints are kubectl's. */
import { UsageError } from '../usage-error.ts';

export interface LocalFile {
  readonly path: string;
}

export interface RemoteFile extends LocalFile {
  /** Left out: that of the command. */
  readonly namespace?: string;
  readonly pod: string;
}

export type CopyDirection =
  | { readonly kind: 'to pod'; readonly from: LocalFile; readonly to: RemoteFile }
  | { readonly kind: 'from pod'; readonly from: RemoteFile; readonly to: LocalFile };

const canonical = 'filespec must match the canonical format: [[namespace/]pod:]file/path';
const example = 'for example: eli cp notes.txt web:/tmp/notes.txt';

/**
 * What the two arguments mean.
 *
 * @throws UsageError when not exactly one of them is in a pod
 */
export function parseCopy(args: readonly string[]): CopyDirection {
  const [source, destination, ...more] = args;
  if (source === undefined || destination === undefined || more.length > 0) {
    throw new UsageError('source and destination are required', example);
  }
  const from = parseFileSpec(source);
  const to = parseFileSpec(destination);
  const isRemote = (file: LocalFile | RemoteFile): file is RemoteFile => 'pod' in file;
  if (isRemote(from) && isRemote(to)) {
    throw new UsageError('one of src or dest must be a local file specification', example);
  }
  if (from.path === '' || to.path === '') throw new UsageError('filepath can not be empty', example);
  if (isRemote(from)) return { kind: 'from pod', from, to };
  if (isRemote(to)) return { kind: 'to pod', from, to };
  throw new UsageError('one of src or dest must be a remote file specification', example);
}

/** @throws UsageError when it begins with a colon or has too many parts before it */
function parseFileSpec(text: string): LocalFile | RemoteFile {
  const colon = text.indexOf(':');
  if (colon < 0) return { path: text };
  const path = text.slice(colon + 1);
  const [first = '', second, ...more] = text.slice(0, colon).split('/');
  if (colon === 0 || more.length > 0) throw new UsageError(canonical, 'a path here with a colon in it: ./a:b');
  if (second === undefined) return { pod: first, path };
  if (first === '.' || first === '..') return { path: text };
  return { namespace: first, pod: second, path };
}
