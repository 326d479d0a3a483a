/** What `eli wait --for` can wait for, and whether an object is there. Pure; the words of each complaint are kubectl's. */
import type { KubeObject } from '../../api/meta.ts';
import { compilePath } from '../printers/jsonpath.ts';
import { UsageError } from '../usage-error.ts';

/** `isMet` of a `state` tells it of an object; a state may be waited for in an object that is not there yet. */
export type WaitCondition =
  | { readonly kind: 'create' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'state'; readonly isMet: (object: KubeObject) => boolean };

/** As much of a status as conditions are about. */
interface Observed {
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly observedGeneration?: number;
    }[];
  };
}

/**
 * Reads every `--for`, in order.
 *
 * @throws UsageError when there is none, or one that cannot be read
 */
export function parseWaitConditions(texts: readonly string[] | undefined): readonly WaitCondition[] {
  if (texts === undefined) throw new UsageError('unrecognized condition: ""', 'for example: --for=condition=Ready');
  return texts.map(parseWaitCondition);
}

function parseWaitCondition(text: string): WaitCondition {
  const word = text.toLowerCase();
  if (word === 'create' || word === 'delete') return { kind: word };
  if (text.startsWith('condition=')) {
    const [name = '', ...value] = text.slice('condition='.length).split('=');
    return {
      kind: 'state',
      isMet: (object) => hasCondition(object, name, value.length > 0 ? value.join('=') : 'true'),
    };
  }
  if (text.startsWith('jsonpath=')) return { kind: 'state', isMet: parsePathCondition(text.slice('jsonpath='.length)) };
  throw new UsageError(
    `unrecognized condition: ${JSON.stringify(text)}`,
    "one of: condition=NAME[=VALUE], jsonpath='{.PATH}'[=VALUE], create, delete",
  );
}

/** Whether the condition has that value and speaks about the present generation; names and values in any case. */
function hasCondition(object: KubeObject, name: string, value: string): boolean {
  const { status } = object as KubeObject & Observed;
  const condition = status?.conditions?.find(({ type }) => type?.toLowerCase() === name.toLowerCase());
  if (condition?.status === undefined) return false;
  const { generation } = object.metadata;
  const observed = condition.observedGeneration ?? status?.observedGeneration;
  if (generation !== undefined && observed !== undefined && observed < generation) return false;
  return condition.status.toLowerCase() === value.toLowerCase();
}

function parsePathCondition(text: string): (object: KubeObject) => boolean {
  const [path = '', value, ...more] = splitAtEquals(text);
  if (more.length > 0) {
    throw new UsageError(
      "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
    );
  }
  if (path === '') throw new UsageError('jsonpath expression cannot be empty');
  const expected = value?.replace(/^['"]+|['"]+$/g, '');
  if (expected === '') {
    throw new UsageError(
      "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
    );
  }
  const find = compilePath(path);
  return (object) => isFound(find(object), expected);
}

/** At each single `=`: `a==b=c` is `a==b` and `c`. */
function splitAtEquals(text: string): readonly string[] {
  return text
    .replaceAll('==', '\0')
    .split('=')
    .map((part) => part.replaceAll('\0', '=='));
}

function isFound(values: readonly unknown[], expected: string | undefined): boolean {
  if (values.length === 0) return false;
  if (values.length > 1) throw new UsageError('given jsonpath expression matches more than one value');
  if (expected === undefined) return true;
  const [value] = values;
  if (typeof value === 'object' && value !== null) {
    throw new UsageError('jsonpath leads to a nested object or list which is not supported');
  }
  return String(value).trim() === expected.trim();
}
