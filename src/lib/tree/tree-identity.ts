/** Which tree it is that a session has, so that a client that comes back knows whether it is the one that it knew. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/**
 * Another one for another pod or volume (`root` names both), for a directory that was made anew, and after the device has
 * started anew: nothing is synced to disk, so what was written before a power cut may be empty or gone.
 *
 * @param bootId of the kernel; empty when it is not known
 * @returns undefined when it cannot be told: no client may take the tree for one that it knew
 */
export function treeIdentity(root: string, bootId: string): string | undefined {
  if (bootId === '') return undefined;
  const { dev, ino, birthtimeNs } = statSync(root, { bigint: true });
  const parts = [bootId, root, dev, ino, birthtimeNs].map(String);
  return createHash('sha256').update(parts.join('\0')).digest('hex');
}

/** What the kernel calls this start of the machine; empty when it does not say. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
