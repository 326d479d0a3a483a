/** The committed program of the sandbox image, for this machine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StatusError } from '../../lib/status-error.ts';
import type { PauseImage } from './pause-image.ts';

const architectures: Readonly<Record<string, string | undefined>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * @param assets the package's `assets` directory
 * @throws StatusError `NotFound` on a processor it was not built for
 */
export async function readPauseImage(assets: string): Promise<PauseImage> {
  const architecture = architectures[process.arch];
  if (architecture === undefined) throw new StatusError('NotFound', `eliot is not built for ${process.arch}`);
  return { architecture, program: await readFile(join(assets, 'pause', `pause-${architecture}`)) };
}
