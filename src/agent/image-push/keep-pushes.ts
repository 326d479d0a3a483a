/** Builds what takes pushed images, and keeps what has come of them in part from lying about. Decides nothing. */
import { join } from 'node:path';
import { createFiles } from '../../host/files.ts';
import { removeOlder } from '../../host/remove-older.ts';
import { runChild } from '../../host/run-child.ts';
import type { Clock } from '../../lib/clock.ts';
import type { TaskGroup } from '../../lib/task-group.ts';
import type { OpenedRuntime } from '../open-runtime.ts';
import { ImagePusher } from './image-pusher.ts';

export interface KeepPushesDeps {
  /** Path of the bundled image child, and of the Node that runs it. */
  readonly imagesProgram: string;
  readonly nodeProgram: string;
  readonly dataDir: string;
  readonly runtime: Pick<OpenedRuntime, 'place'>;
  /** See `ImagePusherDeps`. */
  readonly onImported: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
}

/** Starts it in the group; it ends with it. */
export function keepPushes(group: TaskGroup, deps: KeepPushesDeps): ImagePusher {
  const { runtime, dataDir } = deps;
  const pusher = new ImagePusher({
    ...deps,
    runChild,
    world: { ...runtime.place, spool: join(dataDir, 'pushes') },
    removeDirectory: (path) => createFiles().remove(path),
    removeOlder: (spool, olderThanMs, whileUnused) => removeOlder(spool, olderThanMs, deps.clock.now(), whileUnused),
    stopping: group.signal,
  });
  group.start((stopping) => pusher.run(stopping));
  return pusher;
}
