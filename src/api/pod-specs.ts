/** The pod specs in an object: that of a pod, or of the pods that would be made from its template. Pure. */
import { isObject, type JsonObject } from './json-value.ts';
import type { KubeObject } from './meta.ts';
import type { MessageType } from './schema/field.ts';
import type { KindDescription } from './schema/kind.ts';

/** Where they stand: in a pod, in what makes pods, and in what makes what makes pods. */
const podSpecPaths: readonly (readonly string[])[] = [
  ['spec'],
  ['spec', 'template', 'spec'],
  ['template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
];

/** Whether objects of the kind hold a pod spec. */
export function hasPodSpec({ fields }: Pick<KindDescription, 'fields'>): boolean {
  return podSpecPaths.some((path) => hasField(fields, [...path, 'containers']));
}

/** The pod specs of an object, one or none but for kinds that are not served. */
export function podSpecsOf(object: KubeObject): readonly JsonObject[] {
  return podSpecPaths
    .map((path) => at(object, path))
    .filter((spec) => spec !== undefined && Array.isArray(spec['containers'])) as JsonObject[];
}

function at(object: JsonObject, path: readonly string[]): JsonObject | undefined {
  let value: unknown = object;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return isObject(value) ? value : undefined;
}

function hasField(type: MessageType, [name = '', ...rest]: readonly string[]): boolean {
  const field = type.fields[name];
  if (field === undefined) return false;
  if (rest.length === 0) return true;
  return field.type.kind === 'message' && hasField(field.type, rest);
}
