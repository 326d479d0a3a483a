/**
 * The sandbox image, built in: half a kilobyte of machine code as a docker-save archive made in memory.
 * Every pod's first process comes from it, so the first pod starts without a registry.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { packTar } from 'modern-tar';
import type { Images } from '../runtime.ts';

/** Raised when the program changes, so that a device with the old one imports the new one. */
export const pauseImageName = 'eliot.run/pause:1';

export interface PauseImage {
  /** OCI's name of the architecture. */
  readonly architecture: string;
  /** The content of `assets/pause/pause-<architecture>`. */
  readonly program: Uint8Array;
}

/**
 * Imports the sandbox image unless the device has an image of that name.
 *
 * @param name what the runtime's configuration calls the sandbox image; with another program's containerd this
 *   is that program's choice
 */
export async function ensurePauseImage(
  images: Pick<Images, 'status' | 'importArchive'>,
  pause: PauseImage,
  signal: AbortSignal,
  name: string = pauseImageName,
): Promise<void> {
  if ((await images.status(name, signal)) !== undefined) return;
  await images.importArchive(Readable.from([await packPauseImage(pause, name)]), signal);
}

/** The image as `docker save` would write it; the same bytes each time. */
export async function packPauseImage(pause: PauseImage, name: string = pauseImageName): Promise<Uint8Array> {
  const mtime = new Date(0);
  const program = { name: 'pause', size: pause.program.length, mode: 0o755, uid: 0, gid: 0, mtime };
  const layer = await packTar([{ header: program, body: pause.program }]);
  const config = Buffer.from(
    JSON.stringify({
      architecture: pause.architecture,
      os: 'linux',
      created: mtime.toISOString(),
      config: { Entrypoint: ['/pause'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
      history: [{ created: mtime.toISOString(), created_by: 'eliot' }],
    }),
  );
  const manifest = Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]));
  const file = (path: string, body: Uint8Array) => ({ header: { name: path, size: body.length, mtime }, body });
  return packTar([file('manifest.json', manifest), file('config.json', config), file('layer.tar', layer)]);
}
