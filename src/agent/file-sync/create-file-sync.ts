import { startChild } from '../../host/child-stream.ts';
import { createFiles } from '../../host/files.ts';
import { type VolumeDirs, VolumeLayout } from '../volumes/volume-layout.ts';
import { FileSync, type FileSyncDeps } from './file-sync.ts';

/** The sync sessions of this device, on the machine as it is. */
export function createFileSync(
  deps: Pick<FileSyncDeps, 'pods' | 'nodeProgram' | 'syncProgram' | 'log'> & { readonly directories: VolumeDirs },
): FileSync {
  const layout = new VolumeLayout(deps.directories);
  const files = createFiles();
  return new FileSync({
    ...deps,
    volumePath: (uid, volume) => layout.path(uid, volume),
    exists: async (path) => (await files.info(path)) !== undefined,
    startChild,
  });
}
