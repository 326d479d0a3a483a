/** The committed program of the sandbox image, for this machine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nativeArchitecture } from './native-architecture.ts';
import type { PauseImage } from './pause-image.ts';

/**
 * @param assets the package's `assets` directory
 * @throws StatusError `NotFound` on a processor it was not built for
 */
export async function readPauseImage(assets: string): Promise<PauseImage> {
  const architecture = nativeArchitecture();
  return { architecture, program: await readFile(join(assets, 'pause', `pause-${architecture}`)) };
}
