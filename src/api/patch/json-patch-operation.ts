/** The operations of a JSON patch, read and checked before the first of them is carried out. */
import { StatusError } from '../../lib/status-error.ts';
import { isObject } from '../json-value.ts';
import { parseJsonPointer } from './json-pointer.ts';

interface Target {
  /** Position in the patch, for messages; the first is 0. */
  readonly index: number;
  readonly path: readonly string[];
}

export type JsonPatchOperation =
  | (Target & { readonly op: 'add' | 'replace' | 'test'; readonly value: unknown })
  | (Target & { readonly op: 'remove' })
  | (Target & { readonly op: 'move' | 'copy'; readonly from: readonly string[] });

/** Kubernetes' bound on the operations of one patch. */
const maxOperations = 10_000;

/** @throws StatusError `BadRequest` for anything that is no JSON patch, `RequestEntityTooLarge` for too long a one */
export function parseOperations(patch: unknown): readonly JsonPatchOperation[] {
  if (!Array.isArray(patch)) throw badPatch('it is not a list of operations');
  if (patch.length > maxOperations) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    );
  }
  return patch.map(parseOperation);
}

function parseOperation(operation: unknown, index: number): JsonPatchOperation {
  if (!isObject(operation)) throw badPatch(`operation ${index} is not an object`);
  const { op } = operation;
  const path = pointer(operation['path'], 'path', index);
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      if (!Object.hasOwn(operation, 'value')) throw badPatch(`operation ${index} (${op}) has no value`);
      return { op, index, path, value: operation['value'] };
    case 'remove':
      return { op, index, path };
    case 'move':
    case 'copy': {
      const from = pointer(operation['from'], 'from', index);
      const isInsideItself = path.length > from.length && from.every((step, at) => step === path[at]);
      if (op === 'move' && isInsideItself) throw badPatch(`operation ${index} moves a value into itself`);
      return { op, index, path, from };
    }
    default:
      throw badPatch(`operation ${index} has an unknown op ${JSON.stringify(op) ?? 'undefined'}`);
  }
}

function pointer(text: unknown, name: 'path' | 'from', index: number): readonly string[] {
  const steps = typeof text === 'string' ? parseJsonPointer(text) : undefined;
  if (steps === undefined) throw badPatch(`"${name}" of operation ${index} is no JSON pointer`);
  return steps;
}

function badPatch(why: string): StatusError {
  return new StatusError('BadRequest', `error decoding patch: ${why}`);
}
