/** Builds and joins what looks after images: their objects, and the space they take. Decides nothing. */
import type { Image } from '../api/kinds/image.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { ObjectClient } from '../api/object-client.ts';
import type { Change } from '../client/informer.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TaskGroup } from '../lib/task-group.ts';
import type { Images, Runtime } from '../runtime/runtime.ts';
import type { DiskSpace } from './images/compute-garbage.ts';
import { type CollectorSettings, ImageCollector } from './images/image-collector.ts';
import { ImageReporter } from './images/image-reporter.ts';
import { readImageUsers } from './images/image-users.ts';

/** An informer, as far as it says when to look. */
interface Changing<T> {
  onChange(listener: (change: Change<T>) => void): () => void;
}

export interface KeepImagesDeps {
  readonly client: ObjectClient;
  readonly images: Images;
  readonly runtime: Pick<Runtime, 'listContainers'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly objects: Changing<Image>;
  readonly pods: Changing<Pod>;
  readonly warnNode: (reason: string, message: string) => void;
  /** Space of the file system that images lie on. */
  readonly space: () => Promise<DiskSpace>;
  readonly settings: CollectorSettings & { readonly containerd: string };
  readonly whenRuntimeReady: Promise<void>;
  /** False while the store is read-only: then nothing that is wanted is known for sure. */
  readonly mayRemove: boolean;
}

export interface KeptImages {
  readonly reporter: ImageReporter;
  /** Removes all that nothing wants; undefined where nothing may be removed. */
  readonly reclaim: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** Starts it in the group; it ends with it. */
export function keepImages(group: TaskGroup, deps: KeepImagesDeps): KeptImages {
  const { client, images, runtime, clock, log, objects, pods, warnNode, space, settings, whenRuntimeReady } = deps;
  const users = () => readImageUsers(client);
  const reporter = new ImageReporter({ client, images, users, clock, log, whenRuntimeReady });
  objects.onChange(({ type, object }) => {
    // What the reporter itself wrote is no news.
    if (type !== 'modified' || object.metadata.deletionTimestamp !== undefined) reporter.objectsChanged();
  });
  pods.onChange((change) => {
    const isOther =
      change.type !== 'modified' || change.object.metadata.generation !== change.previous.metadata.generation;
    if (isOther) reporter.usersChanged();
  });
  group.start((stopping) => reporter.run(stopping));

  // In a containerd of somebody else lie images of somebody else.
  if (settings.containerd !== 'managed' || !deps.mayRemove) return { reporter, reclaim: undefined };
  const collector = new ImageCollector({
    images,
    runtime,
    users,
    space,
    warn: warnNode,
    onRemoved: () => reporter.imagesChanged(),
    clock,
    log,
    settings,
    whenRuntimeReady,
    random: Math.random,
  });
  group.start((stopping) => collector.run(stopping));
  return { reporter, reclaim: (signal) => collector.reclaim(signal) };
}
