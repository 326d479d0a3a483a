/** What the parts of the registry share: where objects lie, what time it is, and who writes. */
import type { KubeObject } from '../../api/meta.ts';
import type { KindDescription } from '../../api/schema/kind.ts';
import type { Clock } from '../../lib/clock.ts';
import type { KeyedMutex } from '../../lib/keyed-mutex.ts';
import type { Store } from '../../store/store.ts';
import type { UserInfo } from '../identity.ts';
import type { Admission, AdmissionCheck } from './admission.ts';
import type { DeletionStep } from './deletion-step.ts';

export interface RegistryDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** The node that a new pod is bound to at once; undefined: it is stored without one, and the scheduler sees to it. */
  readonly placePod: (pod: KubeObject) => string | undefined;
  /**
   * Counts in a new pod, just before it is stored, and gives what counts it out again when it was not.
   *
   * @throws StatusError Forbidden when the device holds as many as it may
   */
  readonly takePodPlace: (pod: KubeObject) => () => void;
  /** A fresh uid for each object. */
  readonly newUid: () => string;
  /** The random end of a generated name: five letters or digits. */
  readonly newNameSuffix: () => string;
  /** Rules about new objects that look at others, in their order. */
  readonly admission: readonly Admission[];
  readonly admissionChecks: readonly AdmissionCheck[];
  /** What else belongs to the end of an object. */
  readonly deletionStep: DeletionStep;
  /** By namespace, who counts what a quota allows and then stores: one at a time, else two would both find room. */
  readonly quotaTurns: KeyedMutex;
}

/** What to do about fields that the kind does not have (`fieldValidation=`). */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** Who writes, and how. Every write carries one (design D13). */
export interface WriteContext {
  readonly user: UserInfo;
  /** Name under which the fields of this write are owned in managedFields. */
  readonly fieldManager: string;
  /** Do everything but store. */
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Paths of the keys that came twice in the client's JSON; treated as unknown fields are. */
  readonly duplicateFields: readonly string[];
  /** Takes sentences for the client's `Warning` headers. */
  readonly warn: (message: string) => void;
}

/** An object and the revision it was read at, for compare-and-swap. */
export interface Loaded {
  readonly object: KubeObject;
  readonly revision: number;
}

/** Any kind, when only its description matters. */
export type AnyKind = KindDescription;
