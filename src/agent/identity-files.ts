import type { Files } from '../host/files.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import type { IdentityFiles } from './device-identity.ts';

/** The identity's files on the machine's disk; a write is durable. */
export function createIdentityFiles(files: Pick<Files, 'readFile'>): IdentityFiles {
  return {
    read: async (path) => (await files.readFile(path))?.toString(),
    write: (path, content) => writeFileAtomic(path, content, 0o600),
  };
}
