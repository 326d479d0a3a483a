/**
 * JSON patch, RFC 6902: all of its operations or none. Work and growth are bounded as
 * Kubernetes bounds them: 10,000 operations, 3 MiB copied.
 */
import { StatusError } from '../../lib/status-error.ts';
import { isObject, jsonEqual, setOwn } from '../json-value.ts';
import { type JsonPatchOperation, parseOperations } from './json-patch-operation.ts';
import { arrayIndex } from './json-pointer.ts';

/** Bytes of JSON that `copy` operations may add in total; Kubernetes' JSONPatchMaxCopyBytes. */
const maxCopiedBytes = 3 * 1024 * 1024;

type Container = Record<string, unknown> | unknown[];

/** The document being changed. It is wrapped, so that the empty pointer is an ordinary property. */
interface Draft {
  readonly root: { document: unknown };
  copiedBytes: number;
}

/**
 * The document after all operations; the input is not changed.
 *
 * @throws StatusError `BadRequest` for a patch that is malformed, `RequestEntityTooLarge` past a bound,
 *   `Invalid` when an operation names what is not there or a test fails
 */
export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  const draft: Draft = { root: { document: structuredClone(document) }, copiedBytes: 0 };
  for (const operation of parseOperations(operations)) apply(draft, operation);
  return draft.root.document;
}

function apply(draft: Draft, operation: JsonPatchOperation): void {
  switch (operation.op) {
    case 'add':
      add(draft, operation, structuredClone(operation.value));
      break;
    case 'remove':
      remove(draft, operation, operation.path);
      break;
    case 'replace':
      read(draft, operation, operation.path);
      replace(draft, operation, structuredClone(operation.value));
      break;
    case 'move':
      add(draft, operation, remove(draft, operation, operation.from));
      break;
    case 'copy':
      add(draft, operation, copied(draft, read(draft, operation, operation.from)));
      break;
    case 'test':
      if (!jsonEqual(read(draft, operation, operation.path), operation.value)) {
        throw refused(operation, 'the value there is not the expected one');
      }
      break;
  }
}

function add(draft: Draft, operation: JsonPatchOperation, value: unknown): void {
  const [container, step] = locate(draft, operation, operation.path);
  if (!Array.isArray(container)) {
    setOwn(container, step, value);
    return;
  }
  const index = step === '-' ? container.length : arrayIndex(step, container.length + 1);
  if (index === undefined) throw refused(operation, `${JSON.stringify(step)} is no position in this list`);
  container.splice(index, 0, value);
}

function replace(draft: Draft, operation: JsonPatchOperation, value: unknown): void {
  const [container, step] = locate(draft, operation, operation.path);
  if (Array.isArray(container)) container[Number(step)] = value;
  else setOwn(container, step, value);
}

function remove(draft: Draft, operation: JsonPatchOperation, path: readonly string[]): unknown {
  if (operation.op === 'remove' && path.length === 0) throw refused(operation, 'the whole document cannot be removed');
  const value = read(draft, operation, path);
  const [container, step] = locate(draft, operation, path);
  if (Array.isArray(container)) container.splice(Number(step), 1);
  else delete container[step];
  return value;
}

function read(draft: Draft, operation: JsonPatchOperation, path: readonly string[]): unknown {
  const [container, step] = locate(draft, operation, path);
  const key = Array.isArray(container) ? arrayIndex(step, container.length) : step;
  if (key === undefined || !Object.hasOwn(container, key)) {
    throw refused(operation, `there is nothing at ${JSON.stringify(pointerOf(path))}`);
  }
  return (container as Record<string, unknown>)[key];
}

/** What holds the last step of `path`, and that step. */
function locate(draft: Draft, operation: JsonPatchOperation, path: readonly string[]): readonly [Container, string] {
  let container: Container = draft.root;
  let step = 'document';
  for (const next of path) {
    const key = Array.isArray(container) ? arrayIndex(step, container.length) : step;
    const child =
      key !== undefined && Object.hasOwn(container, key) ? (container as Record<string, unknown>)[key] : undefined;
    if (!Array.isArray(child) && !isObject(child)) {
      throw refused(operation, `there is nothing to go into on the way to ${JSON.stringify(pointerOf(path))}`);
    }
    container = child as Container;
    step = next;
  }
  return [container, step];
}

function copied(draft: Draft, value: unknown): unknown {
  const text = JSON.stringify(value);
  draft.copiedBytes += Buffer.byteLength(text);
  if (draft.copiedBytes > maxCopiedBytes) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `unable to complete the copy operations of the JSON patch: they add more than ${maxCopiedBytes} bytes`,
    );
  }
  return JSON.parse(text) as unknown;
}

function pointerOf(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function refused({ op, index, path }: JsonPatchOperation, why: string): StatusError {
  const message = `operation ${index} of the JSON patch (${op} ${JSON.stringify(pointerOf(path))}) does not apply: ${why}`;
  return new StatusError('Invalid', message);
}
