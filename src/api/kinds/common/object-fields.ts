/** The parts that every object's table starts with. */
import { objectMeta } from '../../meta.ts';
import { defaulted, type Field, type MessageType, object } from '../../schema/field.ts';

/** `metadata`, always there. */
export const metadata = defaulted(object(1, objectMeta, { doc: 'Standard object metadata.' }), () => ({}));

/** A part that Kubernetes always writes, if only as `{}`: `spec`, `status`, `resources`. */
export function always<T extends MessageType>(number: number, type: T, doc?: string): Field<T, 'defaulted', false> {
  return defaulted(object(number, type, doc === undefined ? {} : { doc }), () => ({}));
}
