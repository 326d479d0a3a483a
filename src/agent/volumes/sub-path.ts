/** A path inside a volume for `subPath` mounts; made when it is missing, and never outside of the volume. */
import type { Files } from '../../host/files.ts';
import { SetUpError } from './volume-error.ts';

/**
 * The real path of `subPath`, without symbolic links: the runtime then mounts what was checked, and a volume that
 * is rewritten later leaves the mounted file alone (as Kubernetes documents).
 *
 * @throws SetUpError when it would lead out of the volume
 */
export async function resolveSubPath(
  volumePath: string,
  subPath: string,
  files: Pick<Files, 'info' | 'makeDirectory' | 'realPath'>,
): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
    throw new SetUpError(`subPath "${subPath}" leaves its volume`);
  }
  const root = await files.realPath(volumePath);
  let path = root;
  for (const part of subPath.split('/').filter((name) => name !== '' && name !== '.')) {
    const next = `${path}/${part}`;
    if ((await files.info(next, false)) === undefined) await files.makeDirectory(next, 0o750);
    path = await files.realPath(next);
    if (path !== root && !path.startsWith(`${root}/`)) {
      throw new SetUpError(`subPath "${subPath}" leaves its volume by a symbolic link`);
    }
  }
  return path;
}
