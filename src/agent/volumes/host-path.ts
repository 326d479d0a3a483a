/** Checks, and for the `…OrCreate` types makes, what a hostPath volume asks for. Messages are the kubelet's. */
import type { HostPathVolumeSource } from '../../api/kinds/pod/types.ts';
import type { FileKind, Files } from '../../host/files.ts';
import { SetUpError } from './volume-error.ts';

const expectedKinds: Readonly<Record<string, { readonly kind: FileKind; readonly words: string }>> = {
  DirectoryOrCreate: { kind: 'directory', words: 'a directory' },
  Directory: { kind: 'directory', words: 'a directory' },
  FileOrCreate: { kind: 'file', words: 'a file' },
  File: { kind: 'file', words: 'a file' },
  Socket: { kind: 'socket', words: 'a socket file' },
  CharDevice: { kind: 'charDevice', words: 'a character device' },
  BlockDevice: { kind: 'blockDevice', words: 'a block device' },
};

/** Without a type nothing is checked: the runtime makes a missing path a directory. */
export async function checkHostPath(
  { path, type = '' }: HostPathVolumeSource,
  files: Pick<Files, 'info' | 'makeDirectory' | 'writeFile'>,
): Promise<void> {
  const expected = expectedKinds[type];
  if (expected === undefined) {
    if (type === '') return;
    throw new SetUpError(`${type} is an invalid volume type`);
  }
  let found = await files.info(path);
  if (found === undefined && type === 'DirectoryOrCreate') await files.makeDirectory(path, 0o755);
  if (found === undefined && type === 'FileOrCreate') await files.writeFile(path, '', 0o644);
  found ??= await files.info(path);
  if (found?.kind !== expected.kind) {
    throw new SetUpError(`hostPath type check failed: ${path} is not ${expected.words}`);
  }
}
