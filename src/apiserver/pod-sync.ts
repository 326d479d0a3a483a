/**
 * The port by which files come to a volume of a pod: `eliot.run/v1alpha1` `pods/sync` (docs/adr/0045). The agent implements
 * it; the API server has checked who it is, whether he may, and that the pod exists. Only bytes cross it.
 */
import type { Duplex } from 'node:stream';

export interface SyncWish {
  readonly namespace: string;
  readonly pod: string;
  /** Identity of the pod that was authorised; another pod of the same name is NotFound. */
  readonly uid: string;
  /** The pod that the client means; with another of the same name it is a Conflict. */
  readonly requiredUid?: string;
  readonly volume: string;
  /** Tells the sessions of clients apart; chosen by the client. */
  readonly session: string;
  /** Whether the client had this session before, and has lost its connection. */
  readonly isResumed: boolean;
}

export interface PodSync {
  /**
   * Both ends of a session; destroying the stream, or `signal`, ends it.
   *
   * @throws StatusError NotFound (no such pod), BadRequest (no such volume, or none for files), ServiceUnavailable (it is not
   *   set up yet), Conflict (somebody else has it now, it is not the pod of `requiredUid`), TooManyRequests
   */
  open(wish: SyncWish, signal: AbortSignal): Promise<Duplex>;
}
