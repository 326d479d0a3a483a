/** What a request is about, once its path has led to a kind that is served. */
import type { ObjectKey } from '../../api/object-client.ts';
import type { AnyKind } from '../registry/context.ts';

/** A kind, in one namespace or (undefined) in all. */
export interface Target {
  readonly kind: AnyKind;
  readonly namespace: string | undefined;
}

/** One object. */
export interface ObjectTarget extends Target {
  readonly key: ObjectKey;
}
