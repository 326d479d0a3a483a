/** How much of a file system is free. */
import { statfs } from 'node:fs/promises';

/** Of the file system that `path` lies on; `availableBytes` is what others than root may use. */
export async function diskSpace(
  path: string,
): Promise<{ readonly capacityBytes: number; readonly availableBytes: number }> {
  const { blocks, bavail, bsize } = await statfs(path);
  return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize };
}
