/** Builds and joins what takes bundles in and runs them. Decides nothing. */
import { join } from 'node:path';
import { type Bundle, bundleKind } from '../api/kinds/bundle.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { kinds } from '../api/scheme.ts';
import type { BundleReceiver as BundlePort } from '../apiserver/bundles.ts';
import type { UserInfo } from '../apiserver/identity.ts';
import type { Deletion } from '../apiserver/registry/deletion-step.ts';
import type { Registry } from '../apiserver/registry.ts';
import type { ObjectEvents } from '../controllers/object-events.ts';
import type { ObjectSource } from '../controllers/object-source.ts';
import { createFiles } from '../host/files.ts';
import { listFileStates } from '../host/list-file-states.ts';
import { readKeyFiles } from '../host/read-key-files.ts';
import { talkToChild } from '../host/talk-to-child.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TaskGroup } from '../lib/task-group.ts';
import { untilAborted } from '../lib/until-aborted.ts';
import { BundleController } from './bundles/bundle-controller.ts';
import { BundleDirectory } from './bundles/bundle-directory.ts';
import { BundleReceiver } from './bundles/bundle-receiver.ts';
import { KeptRecords } from './bundles/kept-records.ts';
import { readImageUsers } from './images/image-users.ts';
import type { OpenedRuntime } from './open-runtime.ts';

export interface KeepBundlesDeps {
  /** Writes as the daemon itself. */
  readonly client: ObjectClient;
  readonly clientOf: (user: UserInfo) => ObjectClient;
  readonly checkRoleGrants: Registry['checkRoleGrants'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ObjectEvents;
  readonly warnNode: (reason: string, message: string) => void;
  readonly runtime: Pick<OpenedRuntime, 'images' | 'place'>;
  readonly onImported: (signal: AbortSignal) => Promise<void>;
  readonly onImageRemoved: () => void;
  readonly whenRuntimeReady: Promise<void>;
  readonly bundles: ObjectSource<Bundle>;
  readonly nodeProgram: string;
  readonly bundleProgram: string;
  readonly settings: {
    readonly dataDir: string;
    readonly trustedKeys?: string | undefined;
    readonly bundleDirectory?: string | undefined;
  };
  /** False while the store is read-only. */
  readonly mayWrite: boolean;
}

export interface KeptBundles {
  readonly receiver: BundlePort;
  /** @throws StatusError Forbidden when it is a Bundle, and who deletes it may not delete all that it brought */
  checkMayRemove(deletion: Pick<Deletion, 'kind' | 'object' | 'user'>): Promise<void>;
}

/** Starts it in the group; it ends with it. */
export function keepBundles(group: TaskGroup, deps: KeepBundlesDeps): KeptBundles {
  const { client, clientOf, clock, log, events, warnNode, runtime, settings, bundles, onImported } = deps;
  const { dataDir, trustedKeys = join(dataDir, 'trusted-keys'), bundleDirectory } = settings;
  const records = join(dataDir, 'bundles');
  const kept = new KeptRecords({
    directory: records,
    files: createFiles(),
    log,
    removeImage: async (name, signal) => {
      await runtime.images.removeName(name, signal);
      deps.onImageRemoved();
    },
    imageUsers: () => readImageUsers(client),
    whileIdle: (work, signal) => receiver.whileIdle(work, signal),
  });
  const receiver: BundleReceiver = new BundleReceiver({
    records: kept,
    hasImage: async (name, signal) => (await runtime.images.status(name, signal)) !== undefined,
    client,
    clientOf,
    checkRoleGrants: deps.checkRoleGrants,
    kinds,
    talk: talkToChild,
    child: { node: deps.nodeProgram, program: deps.bundleProgram },
    place: { ...runtime.place, trustedKeys, records },
    clock,
    log,
    onImported,
  });
  const made: KeptBundles = {
    receiver,
    checkMayRemove: async ({ kind, object, user }) => {
      if (kind.resource === bundleKind.resource) await receiver.checkMayRemove(user, object as unknown as Bundle);
    },
  };
  if (!deps.mayWrite) return made;
  let isRuntimeReady = false;
  void deps.whenRuntimeReady.then(() => {
    isRuntimeReady = true;
  });
  // What is to be removed is known to the runtime only.
  const isReceiving = (): boolean => receiver.isBusy || !isRuntimeReady;
  const controller = new BundleController({ client, clock, log, kinds, bundles, events, records: kept, isReceiving });
  group.start((stopping) => controller.run(stopping));
  if (bundleDirectory === undefined) return made;
  const directory = new BundleDirectory({
    listFiles: () => listFileStates(bundleDirectory),
    pathOf: (name) => join(bundleDirectory, name),
    readKeys: async () => JSON.stringify([...(await readKeyFiles(trustedKeys))]),
    offer: (path, stopping) => receiver.offerFile(path, stopping),
    client,
    events,
    warnNode,
    clock,
    log,
  });
  group.start(async (stopping) => {
    await untilAborted(deps.whenRuntimeReady, stopping);
    await directory.run(stopping);
  });
  return made;
}
