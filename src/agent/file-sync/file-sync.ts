/**
 * Sync sessions of this device: for each a child process that reads and writes one volume of one pod (docs/adr/0045). Here only
 * bytes are passed on.
 *
 * A volume has one session at a time. Whoever comes anew takes it over, as his old connection may be a dead one; whoever comes
 * back after somebody else has come is refused, so that two laptops do not take it from each other for ever.
 */
import type { Duplex } from 'node:stream';
import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Pod, Volume } from '../../api/kinds/pod/types.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import type { PodSync, SyncWish } from '../../apiserver/pod-sync.ts';
import type { StartChild } from '../../host/child-stream.ts';
import { KeyedMutex } from '../../lib/keyed-mutex.ts';
import type { Logger } from '../../lib/logger.ts';
import { StatusError } from '../../lib/status-error.ts';
import { ownerOf, requireSyncVolume } from './volume-target.ts';

export interface FileSyncDeps {
  readonly pods: { get(key: ObjectKey): Pod | undefined };
  /** Host path of an emptyDir. */
  readonly volumePath: (uid: string, volume: Volume) => string | undefined;
  /** Whether something stands at a path. */
  readonly exists: (path: string) => Promise<boolean>;
  readonly startChild: StartChild;
  /** A Node, and what it runs. */
  readonly nodeProgram: string;
  readonly syncProgram: string;
  readonly log: Logger;
}

interface Session {
  /** As the client calls it. */
  readonly id: string;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
}

/** Each is a process of some 45 MB. */
const maxSessions = 4;
/** Of volumes that are forgotten, no session comes back. */
const maxRemembered = 64;

export class FileSync implements PodSync {
  readonly #deps: FileSyncDeps;
  readonly #sessions = new Map<string, Session>();
  readonly #opening = new KeyedMutex();
  /** By volume, the session that had it last. */
  readonly #holders = new Map<string, string>();

  constructor(deps: FileSyncDeps) {
    this.#deps = deps;
  }

  /** One at a time for each volume: of several that come at once, each takes over the one before it. */
  open(wish: SyncWish, signal: AbortSignal): Promise<Duplex> {
    const key = `${wish.uid}/${wish.volume}`;
    return this.#opening.run(key, () => this.#open(key, wish, signal), signal);
  }

  async #open(key: string, wish: SyncWish, signal: AbortSignal): Promise<Duplex> {
    const { volumePath, exists } = this.#deps;
    checkUid(wish);
    const volume = requireSyncVolume(this.#requirePod(wish), wish.volume);
    const root = volumePath(wish.uid, volume);
    if (root === undefined || !(await exists(root))) {
      throw new StatusError('ServiceUnavailable', `volume "${wish.volume}" of pod ${wish.pod} is not set up yet`);
    }
    const holder = this.#holders.get(key);
    if (wish.isResumed && holder !== undefined && holder !== wish.session) {
      throw new StatusError(
        'Conflict',
        `somebody else has begun to bring files to volume "${wish.volume}" of ${wish.pod}`,
      );
    }
    await this.#takeOver(key);
    // The pod may have ended meanwhile. From here on nothing is waited for: what is counted is what is started.
    const pod = this.#requirePod(wish);
    if (this.#sessions.size >= maxSessions) {
      throw new StatusError(
        'TooManyRequests',
        `files are brought to ${maxSessions} volumes already, which is all at once`,
        {
          details: { retryAfterSeconds: 5 },
        },
      );
    }
    return this.#start(key, wish, { root, volume, pod }, signal);
  }

  #requirePod(wish: SyncWish): Pod {
    const pod = this.#deps.pods.get({ namespace: wish.namespace, name: wish.pod });
    // The API has it; our own view of it comes a moment later when the device has just started.
    if (pod === undefined) throw new StatusError('ServiceUnavailable', `pod ${wish.pod} is not known yet`);
    if (pod.metadata.uid !== wish.uid) throw notFound(wish.pod);
    if (pod.metadata.deletionTimestamp !== undefined || isFinished(pod)) {
      throw new StatusError('Conflict', `pod ${wish.pod} has ended or is being deleted: no files are brought to it`);
    }
    return pod;
  }

  /** Ends the sessions of a pod, whose volumes are about to go. Resolves when nothing of them is open any longer. */
  async endOf(uid: string): Promise<void> {
    const keys = [...this.#sessions.keys()].filter((key) => key.startsWith(`${uid}/`));
    for (const key of keys) await this.#takeOver(key);
    for (const key of this.#holders.keys()) if (key.startsWith(`${uid}/`)) this.#holders.delete(key);
  }

  async #takeOver(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    session?.stop.abort(new StatusError('Conflict', 'somebody else brings files to this volume now'));
    await session?.ended;
  }

  #start(
    key: string,
    wish: SyncWish,
    { root, volume, pod }: { readonly root: string; readonly volume: Volume; readonly pod: Pod },
    signal: AbortSignal,
  ): Duplex {
    const { startChild, nodeProgram, syncProgram, log } = this.#deps;
    const { uid, gid } = ownerOf(pod, wish.volume);
    // On a tmpfs of its own nothing is beside the volume.
    const staging = volume.emptyDir?.medium === 'Memory' ? [] : ['--staging', stagingBeside(root, wish.volume)];
    const args = [syncProgram, '--root', root, ...staging, '--uid', String(uid), '--gid', String(gid)];
    const stop = new AbortController();
    const child = startChild(nodeProgram, args, AbortSignal.any([signal, stop.signal]));
    const session: Session = { id: wish.session, stop, ended: child.ended };
    this.#sessions.set(key, session);
    this.#remember(key, wish.session);
    void child.ended.then((failure) => {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
      if (failure !== undefined) log.warn('a file sync failed', { pod: `${wish.namespace}/${wish.pod}`, failure });
    });
    return child.stream;
  }

  #remember(key: string, id: string): void {
    this.#holders.delete(key);
    this.#holders.set(key, id);
    const [oldest] = this.#holders.keys();
    if (this.#holders.size > maxRemembered && oldest !== undefined) this.#holders.delete(oldest);
  }
}

/** Where files are written first: the same file system, and no container sees it. It goes with the pod's volumes. */
function stagingBeside(root: string, volume: string): string {
  return `${root.slice(0, root.lastIndexOf('/', root.lastIndexOf('/') - 1))}/eliot.run~sync/${volume}`;
}

/** Whoever comes back believes to know what is in the volume; that of another pod of the name is another one. */
function checkUid({ pod, uid, requiredUid }: SyncWish): void {
  if (requiredUid === undefined || requiredUid === uid) return;
  throw new StatusError(
    'Conflict',
    `pod ${pod} is not the one that files are to be brought to, only its namesake: ` +
      `Precondition failed: UID in precondition: ${requiredUid}, UID in object meta: ${uid}`,
    { details: { name: pod, kind: 'pods' } },
  );
}

function notFound(pod: string): StatusError {
  return new StatusError('NotFound', `pods "${pod}" not found`, { details: { name: pod, kind: 'pods' } });
}
