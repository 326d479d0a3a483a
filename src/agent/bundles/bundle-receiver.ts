/**
 * Takes a bundle in: everything is checked, every image is on the device and the record is written before the Bundle says that
 * the version is wanted, which is one write. Until then nothing that runs is touched; from then on `BundleController`
 * applies it.
 */
import { Readable } from 'node:stream';
import { type Bundle, type BundleSpec, bundleKind } from '../../api/kinds/bundle.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectClient } from '../../api/object-client.ts';
import { bundles as bundleResource } from '../../api/resources.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import { apiVersionOf } from '../../api/scheme.ts';
import { requireResource } from '../../apiserver/authz.ts';
import type { BundleReceiver as BundlePort, BundleRequest } from '../../apiserver/bundles.ts';
import type { UserInfo } from '../../apiserver/identity.ts';
import type { TalkToChild } from '../../host/talk-to-child.ts';
import type { Clock } from '../../lib/clock.ts';
import { KeyedMutex } from '../../lib/keyed-mutex.ts';
import type { Logger } from '../../lib/logger.ts';
import { isStatusError, StatusError } from '../../lib/status-error.ts';
import { withoutStall } from '../../lib/without-stall.ts';
import { rehearseSource } from '../sources/apply-source.ts';
import type { DesiredState } from '../sources/desired-state.ts';
import { describeObject } from '../sources/desired-state.ts';
import type { BundleMessage, BundleOffer, BundleQuestion } from './bundle-messages.ts';
import type { BundleRecord } from './bundle-record.ts';
import { type BundleOrigin, computeAdmission, computeNextSpec } from './compute-admission.ts';
import { desiredStateOf } from './desired-state-of.ts';
import type { KeptRecords } from './kept-records.ts';
import { type Obstacle, obstacleOf, RefusalError } from './refusal.ts';

/** How often a Bundle that somebody changes at the same moment is read again. */
const maxTries = 5;
const retryAfterSeconds = 5;
/** Who says nothing for so long, in the middle of a bundle, is given up. */
const stallTimeoutMs = 60_000;
/** Bundles that are read at once until it is known what they are, each by a child of some 50 MB. */
const maxReading = 2;
/** The one key of its mutex. */
const changing = '';

export interface BundleReceiverDeps {
  /** Writes as the daemon itself. */
  readonly client: ObjectClient;
  /** Writes, and is checked, as somebody. */
  readonly clientOf: (user: UserInfo) => ObjectClient;
  /** Rejects with Forbidden when the object would give somebody a role of a service account that is above his own. */
  readonly checkRoleGrants: (kind: KindDescription, object: KubeObject, user: UserInfo) => Promise<void>;
  /** All kinds that are served. */
  readonly kinds: readonly KindDescription[];
  readonly talk: TalkToChild;
  /** The child, and what it is told of this device. */
  readonly child: { readonly node: string; readonly program: string };
  readonly place: Omit<BundleQuestion, 'file'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly records: Pick<KeptRecords, 'read'>;
  /** Whether the runtime has an image of that full name. */
  readonly hasImage: (name: string, signal: AbortSignal) => Promise<boolean>;
  /** New images are there; resolves when they are listed. */
  readonly onImported: (signal: AbortSignal) => Promise<void>;
}

/** A bundle that came in a file of the device. */
export type FileOutcome =
  | { readonly outcome: 'Applied' | 'Unchanged'; readonly bundle: string; readonly version: string }
  | {
      readonly outcome: 'Refused';
      /** Undefined when it did not come so far. */
      readonly bundle: string | undefined;
      readonly message: string;
      readonly obstacle: Obstacle;
      /** Layers may have been written: it was refused, or failed, only after it was to come. */
      readonly hasWritten: boolean;
    };

/** Why a dry run, or a bundle that is there already, ends the child: nothing is wrong. */
class EnoughError extends Error {
  readonly bundle: Bundle;

  constructor(bundle: Bundle) {
    super('enough was read');
    this.bundle = bundle;
  }
}

/** A bundle that is to be taken in. */
interface Coming {
  readonly input?: Readable;
  readonly file?: string;
  readonly origin: BundleOrigin;
  readonly check: (desired: DesiredState, current: Bundle | undefined) => Promise<void>;
  readonly onOffer?: (offer: BundleOffer) => void;
  /** The layers come. */
  readonly onGo?: () => void;
  readonly dryRun: boolean;
}

export class BundleReceiver implements BundlePort {
  readonly #deps: BundleReceiverDeps;
  /** Taking a bundle in, and removing what an old one left, do not go on at the same time. */
  readonly #changing = new KeyedMutex();
  #isBusy = false;
  #reading = 0;

  constructor(deps: BundleReceiverDeps) {
    this.#deps = deps;
  }

  /** Whether one is coming: its record and images may be there, and no Bundle refers to them yet. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Runs it while no bundle is taken in: one that comes meanwhile waits for its end. Undefined without running it when one is. */
  async whileIdle<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    if (this.#isBusy) return undefined;
    return await this.#changing.run(changing, work, signal);
  }

  async receive(content: Readable, { user, dryRun, force }: BundleRequest, signal: AbortSignal): Promise<Bundle> {
    const origin: BundleOrigin = { way: 'API', who: user.username, force };
    const check: Coming['check'] = async (desired, current) => {
      if (current !== undefined) await this.checkMayRemove(user, current);
      await this.#checkFor(user, desired, signal);
    };
    let failure: unknown;
    const pieces = this.#piecesOf(content, (error) => {
      failure = error;
    });
    const input = Readable.from(pieces, { objectMode: false });
    // It may fail when nobody listens any more.
    input.on('error', () => {});
    try {
      return (await this.#take({ input, origin, check, dryRun }, signal)).bundle;
    } catch (error) {
      // The child only saw that it ends early.
      if (obstacleOf(error) === 'Copy' && isStatusError(failure)) throw failure;
      throw error;
    } finally {
      input.destroy();
    }
  }

  async *#piecesOf(content: Readable, onFailure: (error: unknown) => void): AsyncGenerator<Uint8Array> {
    // The answer goes the same way as the rest of a body that nobody wants: it must not be cut off.
    const body = { [Symbol.asyncIterator]: () => content.iterator({ destroyOnReturn: false }) };
    try {
      yield* withoutStall(body, this.#deps.clock, stallTimeoutMs);
    } catch (error) {
      onFailure(error);
      throw error;
    }
  }

  /** Takes a bundle that lies in a file. Rejects only with the signal's reason. */
  async offerFile(path: string, signal: AbortSignal): Promise<FileOutcome> {
    let name: string | undefined;
    let hasWritten = false;
    const origin: BundleOrigin = { way: 'Directory', who: path, force: false };
    const check: Coming['check'] = async (desired) => {
      await this.#rehearse(this.#deps.client, desired, signal);
    };
    const onOffer = (offer: BundleOffer): void => {
      name = offer.name;
    };
    const onGo = (): void => {
      hasWritten = true;
    };
    try {
      const { bundle, isTaken } = await this.#take({ file: path, origin, check, onOffer, onGo, dryRun: false }, signal);
      const about = { bundle: bundle.metadata.name ?? '', version: bundle.spec.version };
      return { outcome: isTaken ? 'Applied' : 'Unchanged', ...about };
    } catch (error) {
      signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      return { outcome: 'Refused', bundle: name, message, obstacle: obstacleOf(error), hasWritten };
    }
  }

  /**
   * Whether somebody may do what a deletion of the Bundle does, or a version without some of its objects.
   *
   * @throws StatusError Forbidden for the first object that he may not delete
   */
  async checkMayRemove(user: UserInfo, { metadata, spec }: Bundle): Promise<void> {
    for (const { kind, object } of await this.#objectsOf(metadata.name ?? '', spec.digest)) {
      const { name, namespace } = object.metadata;
      requireResource(user, { verb: 'delete', group: kind.group, resource: kind.resource, namespace, name });
    }
  }

  async #take(coming: Coming, signal: AbortSignal): Promise<{ readonly bundle: Bundle; readonly isTaken: boolean }> {
    if (this.#reading >= maxReading) throw busy();
    this.#reading += 1;
    const { talk, child, place, log } = this.#deps;
    let offer: BundleOffer | undefined;
    let current: Bundle | undefined;
    let isStored = false;
    let leave: (() => void) | undefined;
    const onMessage = async (message: BundleMessage): Promise<unknown> => {
      switch (message.type) {
        case 'failed':
          throw new RefusalError(message.reason, message.message, message.obstacle);
        case 'stored':
          isStored = true;
          return undefined;
        case 'offer':
          coming.onOffer?.(message);
          // From here on it is one at a time; who is slow with what comes before keeps nobody waiting.
          if (!coming.dryRun) leave = await this.#enter(signal);
          current = await this.#find(message.name, signal);
          await this.#decide(current, message, coming, signal);
          offer = message;
          coming.onGo?.();
          return { type: 'go' };
      }
    };
    try {
      const question: BundleQuestion = { ...place, file: coming.file };
      await talk({ ...child, question, input: coming.input }, (said) => onMessage(said as BundleMessage), signal);
      if (offer === undefined || !isStored) throw new StatusError('InternalError', 'the bundle child ended early');
      const bundle = await this.#commit(current, offer, coming, signal);
      log.info('bundle taken in', { bundle: offer.name, version: offer.version, from: coming.origin.who });
      await this.#deps.onImported(signal).catch(() => {});
      return { bundle, isTaken: true };
    } catch (error) {
      if (error instanceof EnoughError) return { bundle: error.bundle, isTaken: false };
      throw error;
    } finally {
      this.#reading -= 1;
      leave?.();
    }
  }

  /** @returns what lets the next one in. @throws StatusError `TooManyRequests` while another bundle is taken in */
  async #enter(signal: AbortSignal): Promise<() => void> {
    if (this.#isBusy) throw busy();
    this.#isBusy = true;
    const [entered, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hold = async (): Promise<void> => {
      entered.resolve();
      await left.promise;
    };
    this.#changing.run(changing, hold, signal).catch(entered.reject);
    try {
      await entered.promise;
    } catch (error) {
      this.#isBusy = false;
      throw error;
    }
    return () => {
      this.#isBusy = false;
      left.resolve();
    };
  }

  /** @throws StatusError when it is refused, EnoughError when nothing more is to be done */
  async #decide(
    current: Bundle | undefined,
    offer: BundleOffer,
    { origin, check, dryRun }: Coming,
    signal: AbortSignal,
  ): Promise<void> {
    requireStays(current);
    const isKept = current?.spec.digest === offer.digest && (await this.#isKept(offer, signal));
    const admission = computeAdmission(current?.spec, offer, origin, isKept);
    if (admission.outcome === 'Refuse') {
      throw new RefusalError(admission.reason, admission.message, admission.obstacle);
    }
    if (admission.outcome === 'Unchanged' && current !== undefined) throw new EnoughError(current);
    await check(desiredStateOf(offer), current);
    if (!dryRun) return;
    const spec = computeNextSpec(current?.spec, offer, origin);
    const { missingLayers, begunLayers } = offer;
    const begun = begunLayers.length === 0 ? {} : { begunLayers };
    throw new EnoughError({ ...bundleOf(offer.name, spec), status: { missingLayers, ...begun } });
  }

  /** As if he made every object himself, those that are there already too. */
  async #checkFor(user: UserInfo, desired: DesiredState, signal: AbortSignal): Promise<void> {
    for (const { kind, object } of desired.objects) {
      const { name, namespace } = object.metadata;
      for (const verb of ['create', 'update']) {
        // A namespace that does not exist yet has no name that somebody could be kept from.
        requireResource(user, { verb, group: kind.group, resource: kind.resource, namespace, name });
      }
      if (kind.resource === bundleKind.resource) {
        throw new StatusError('Invalid', `${describeObject(kind, object)}: a bundle cannot hold another one`);
      }
      // A dry run does not always come that far: not in a namespace that the bundle itself brings, and not for what is made
      // anew as it cannot be changed. Accounts are among the objects, so what runs under a new one is looked at as well.
      await this.#deps.checkRoleGrants(kind, object, user);
    }
    await this.#rehearse(this.#deps.clientOf(user), desired, signal);
  }

  /** Whether the record and the images of the version are there, as after it was taken in. */
  async #isKept({ name, digest }: BundleOffer, signal: AbortSignal): Promise<boolean> {
    const record = await this.#readRecord(name, digest);
    for (const image of record?.images ?? []) {
      if (!(await this.#deps.hasImage(image, signal))) return false;
    }
    return record !== undefined;
  }

  /** Undefined for one that is lost, or damaged. */
  async #readRecord(name: string, digest: string): Promise<BundleRecord | undefined> {
    try {
      return await this.#deps.records.read(name, digest);
    } catch (error) {
      if (isStatusError(error, 'Invalid')) return undefined;
      throw error;
    }
  }

  /** Nothing of a version whose record is lost, or damaged: then nobody knows. */
  async #objectsOf(name: string, digest: string): Promise<DesiredState['objects']> {
    try {
      const record = await this.#deps.records.read(name, digest);
      return record === undefined ? [] : desiredStateOf(record).objects;
    } catch (error) {
      if (isStatusError(error, 'Invalid', 'BadRequest')) return [];
      throw error;
    }
  }

  async #rehearse(client: ObjectClient, desired: DesiredState, signal: AbortSignal): Promise<void> {
    const rehearsal = await rehearseSource({ client, kinds: this.#deps.kinds }, desired, signal);
    if (rehearsal.outcome === 'Clash') throw new StatusError('Conflict', rehearsal.message);
    if (rehearsal.outcome === 'Refused') throw new StatusError('Invalid', rehearsal.message);
  }

  async #find(name: string, signal?: AbortSignal): Promise<Bundle | undefined> {
    try {
      return await this.#deps.client.get<Bundle>(bundleResource, { name }, signal);
    } catch (error) {
      if (isStatusError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /**
   * The one write that makes the version wanted. The layers may have come for hours: what was decided of another Bundle than there
   * is now is decided anew.
   *
   * @param before the Bundle when it was decided
   */
  async #commit(before: Bundle | undefined, offer: BundleOffer, coming: Coming, signal: AbortSignal): Promise<Bundle> {
    const { client } = this.#deps;
    let decided = before;
    for (let tries = 1; ; tries += 1) {
      const current = await this.#find(offer.name);
      requireStays(current);
      if (current?.spec.digest !== decided?.spec.digest) await this.#decide(current, offer, coming, signal);
      decided = current;
      const spec = computeNextSpec(current?.spec, offer, coming.origin);
      try {
        if (current === undefined) return await client.create<Bundle>(bundleResource, bundleOf(offer.name, spec));
        return await client.update<Bundle>(bundleResource, { ...current, spec });
      } catch (error) {
        if (tries >= maxTries || !isStatusError(error, 'Conflict', 'AlreadyExists', 'NotFound')) throw error;
      }
    }
  }
}

function busy(): StatusError {
  return new StatusError('TooManyRequests', 'the device is taking in another bundle', {
    details: { retryAfterSeconds },
  });
}

/** @throws StatusError Conflict for one whose objects are being removed */
function requireStays(bundle: Bundle | undefined): void {
  if (bundle?.metadata.deletionTimestamp === undefined) return;
  throw new StatusError('Conflict', `bundle ${bundle.metadata.name} is being removed; try again when it is gone`);
}

function bundleOf(name: string, spec: BundleSpec): Bundle {
  return {
    apiVersion: apiVersionOf(bundleKind),
    kind: bundleKind.kind,
    metadata: { name },
    spec,
    status: {},
  } as Bundle;
}
