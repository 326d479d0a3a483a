/** What controllers need of the recorder of events. */
import type { KubeObject } from '../api/meta.ts';

export interface ObjectEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** A sentence for people. */
  readonly message: string;
  /** Who says it, for example `deployment-controller`. */
  readonly component: string;
}

/** Takes note of what happened to an object. Never waits, never fails. */
export interface ObjectEvents {
  recordFor(object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>, event: ObjectEvent): void;
}
