/** The `$…` entries of a strategic merge patch, told apart from its fields and checked. */
import { StatusError } from '../../lib/status-error.ts';
import { isObject, type JsonObject, setOwn } from '../json-value.ts';

export interface Directives {
  readonly patch: PatchDirective;
  /** Keys that stay; undefined when all do. */
  readonly retainKeys: readonly unknown[] | undefined;
  /** List name and the order of its elements. */
  readonly elementOrders: readonly (readonly [list: string, order: readonly unknown[]])[];
  /** List name and the scalars that leave it. */
  readonly deletions: readonly (readonly [list: string, values: readonly unknown[]])[];
  readonly fields: readonly (readonly [name: string, value: unknown])[];
}

export type PatchDirective = 'delete' | 'replace' | 'merge';

const patchKey = '$patch';
const retainKeysKey = '$retainKeys';
const elementOrderPrefix = '$setElementOrder/';
const deletionPrefix = '$deleteFromPrimitiveList/';

/** @throws StatusError `BadRequest` for a directive that is malformed or contradicts the fields beside it */
export function readDirectives(patch: JsonObject): Directives {
  const elementOrders: [string, readonly unknown[]][] = [];
  const deletions: [string, readonly unknown[]][] = [];
  const fields: [string, unknown][] = [];
  for (const name of Object.keys(patch)) {
    const value = patch[name];
    if (name === patchKey || name === retainKeysKey) continue;
    if (name.startsWith(elementOrderPrefix)) {
      elementOrders.push([name.slice(elementOrderPrefix.length), listOf(name, value)]);
    } else if (name.startsWith(deletionPrefix)) {
      deletions.push([name.slice(deletionPrefix.length), listOf(name, value)]);
    } else {
      fields.push([name, value]);
    }
  }
  return { patch: patchDirectiveOf(patch), retainKeys: retainKeysOf(patch, fields), elementOrders, deletions, fields };
}

/** `merge` when there is none. */
export function patchDirectiveOf(patch: JsonObject): PatchDirective {
  const directive = Object.hasOwn(patch, patchKey) ? patch[patchKey] : 'merge';
  if (directive === 'delete' || directive === 'replace' || directive === 'merge') return directive;
  throw badPatch(`unknown patch type ${JSON.stringify(directive)}`);
}

/** What a patch value says where there is nothing to merge it with: without directives and nulls. */
export function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isDeletion(item)).map(plainValue);
  if (!isObject(value)) return value;
  const plain: Record<string, unknown> = {};
  for (const [name, child] of readDirectives(value).fields) {
    if (child !== null && !isDeletion(child)) setOwn(plain, name, plainValue(child));
  }
  return plain;
}

/** Whether this is an element or field that exists only to be taken away. */
function isDeletion(value: unknown): boolean {
  if (!isObject(value)) return false;
  const directive = patchDirectiveOf(value);
  return directive === 'delete' || (directive === 'replace' && Object.keys(value).length === 1);
}

function retainKeysOf(patch: JsonObject, fields: Directives['fields']): readonly unknown[] | undefined {
  if (!Object.hasOwn(patch, retainKeysKey)) return undefined;
  const keys = listOf(retainKeysKey, patch[retainKeysKey]);
  const stray = fields.find(([name, value]) => value !== null && !keys.includes(name));
  if (stray !== undefined) throw badPatch(`${retainKeysKey} does not list the field ${JSON.stringify(stray[0])}`);
  return keys;
}

function listOf(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw badPatch(`${name} is not a list`);
  return value;
}

/** The error of every malformed strategic merge patch. */
export function badPatch(why: string): StatusError {
  return new StatusError('BadRequest', `invalid strategic merge patch: ${why}`);
}
