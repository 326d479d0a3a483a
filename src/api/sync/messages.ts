/**
 * What a client and a device say to each other while a directory is kept in step with a volume of a pod (docs/adr/0045):
 * `…/apis/eliot.run/v1alpha1/namespaces/NAMESPACE/pods/NAME/sync?volume=VOLUME`, a WebSocket whose bytes are frames.
 *
 * The client decides, the device does: it tells once what its tree holds, and then carries out one request after the other,
 * in their order. Whatever either side says is looked at before it is believed.
 */
import type { Entry, PlacedEntry } from '../../lib/tree/entry.ts';
import type { IgnoreSource } from '../../lib/tree/ignore-rules.ts';
import type { TreeErrorCode } from '../../lib/tree/tree-error.ts';
import { isTreePath } from '../../lib/tree/tree-path.ts';
import { FrameError } from './frames.ts';

/** What a request believes to be at its path: nothing (`null`), or an entry. Left out: whatever is there. */
type Expect = Entry | null;

/** In the order in which it is sent: `open` first and once. `n` counts requests up. */
export type SyncRequest =
  /** @param follow whether changes of the device's tree are told from now on */
  | { readonly do: 'open'; readonly follow: boolean; readonly rules: readonly IgnoreSource[] }
  /** Data frames with `entry.size` bytes follow, or fewer and then `end` with `ok: false`. */
  | ({ readonly do: 'put' } & Change<Entry & { readonly kind: 'file' }>)
  /**
   * The device begins to cut what it has. The recipe follows as data frames, see `chunk-recipe.ts`; it then says `lacks`. `like`: the file that has most of the
   * chunks, when it is another one than that at `path`.
   */
  | ({ readonly do: 'putChunks'; readonly like?: string } & Change<Entry & { readonly kind: 'file' }>)
  | { readonly do: 'end'; readonly n: number; readonly ok: boolean }
  | ({ readonly do: 'makeDirectory' } & Change<Entry & { readonly kind: 'directory' }>)
  | ({ readonly do: 'makeLink' } & Change<Entry & { readonly kind: 'link' }>)
  /** Permissions and time of a file whose content is right. */
  | ({ readonly do: 'setFile' } & Change<Entry & { readonly kind: 'file' }>)
  | { readonly do: 'remove'; readonly n: number; readonly path: string; readonly expect?: Expect }
  | { readonly do: 'keepAside'; readonly n: number; readonly path: string; readonly expect?: Expect }
  | { readonly do: 'digest'; readonly n: number; readonly path: string }
  /** The client has nothing to bring any longer: what is kept of files that did not come whole goes. */
  | { readonly do: 'close'; readonly n: number }
  /** Answered by `content`, its data frames, and `done`; or `failed`, at any point. */
  | { readonly do: 'get'; readonly n: number; readonly path: string };

interface Change<E extends Entry> {
  readonly n: number;
  readonly path: string;
  readonly entry: E;
  readonly expect?: Expect;
}

/** What the device says. Answers that have an `n` come in the order of the requests of those numbers. */
export type SyncAnswer =
  /** What is in the device's tree, and what is not any longer. */
  | { readonly is: 'tree'; readonly entries: readonly PlacedEntry[]; readonly gone: readonly string[] }
  /**
   * Everything was told that was there when it was opened. `identity`: the same text for as long as it is the same tree, in which
   * nothing changes but by somebody's doing; left out by a device that cannot tell.
   */
  | { readonly is: 'scanned'; readonly identity?: string }
  /** `entry`: what is at the path now. `aside`: the name that something was given. `digest`: sha256 as hex. */
  | {
      readonly is: 'done';
      readonly n: number;
      readonly entry: Entry | null;
      readonly aside?: string;
      readonly digest?: string;
    }
  /** `entry`: what is there; left out when that is not known. */
  | {
      readonly is: 'failed';
      readonly n: number;
      readonly code: TreeErrorCode;
      readonly message: string;
      readonly entry?: Entry | null;
    }
  /** Numbers of the chunks that are to be sent, as ranges: first, count. */
  | { readonly is: 'lacks'; readonly n: number; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly is: 'content'; readonly n: number; readonly entry: Entry & { readonly kind: 'file' } }
  /** Nothing follows. */
  | { readonly is: 'fatal'; readonly code: TreeErrorCode; readonly message: string };

const maxFileBytes = 2 ** 46;
const maxLinkBytes = 4_095;
const permissionBits = 0o777;
const maxIdentityLength = 256;

/** @throws FrameError when this is no request */
export function parseRequest(text: string): SyncRequest {
  const message = parseObject(text);
  switch (message['do']) {
    case 'open':
      checkRules(message['rules']);
      break;
    case 'close':
      break;
    case 'end':
      check(typeof message['ok'] === 'boolean', 'ok');
      break;
    case 'put':
    case 'putChunks':
    case 'setFile':
      checkChange(message, 'file');
      if (message['like'] !== undefined) checkPath(message['like']);
      break;
    case 'makeDirectory':
      checkChange(message, 'directory');
      break;
    case 'makeLink':
      checkChange(message, 'link');
      break;
    case 'remove':
    case 'keepAside':
    case 'digest':
    case 'get':
      checkPath(message['path']);
      if (message['expect'] !== undefined && message['expect'] !== null) checkEntry(message['expect']);
      break;
    default:
      throw new FrameError(`nobody can do "${String(message['do']).slice(0, 40)}"`);
  }
  if (message['do'] !== 'open') checkCount(message['n'], 'n');
  return message as unknown as SyncRequest;
}

/** @throws FrameError when this is no answer, or names a path that is none */
export function parseAnswer(text: string): SyncAnswer {
  const message = parseObject(text);
  switch (message['is']) {
    case 'tree':
      checkList(message['entries'], (each) => {
        check(typeof each === 'object' && each !== null, 'entries');
        checkPath((each as PlacedEntry).path);
        checkEntry((each as PlacedEntry).entry);
      });
      checkList(message['gone'], checkPath);
      break;
    case 'scanned':
      checkIdentity(message['identity']);
      break;
    case 'fatal':
      break;
    case 'done':
      if (message['entry'] !== null) checkEntry(message['entry']);
      if (message['aside'] !== undefined) checkPath(message['aside']);
      break;
    case 'failed':
      if (message['entry'] !== undefined && message['entry'] !== null) checkEntry(message['entry']);
      break;
    case 'lacks':
      checkList(message['ranges'], (range) => {
        check(Array.isArray(range) && range.length === 2, 'ranges');
        checkList(range, (each) => checkCount(each, 'ranges'));
      });
      break;
    case 'content':
      checkEntry(message['entry'], 'file');
      break;
    default:
      throw new FrameError(`no answer is called "${String(message['is']).slice(0, 40)}"`);
  }
  return message as unknown as SyncAnswer;
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FrameError('a message is no JSON', { cause });
  }
  check(typeof value === 'object' && value !== null && !Array.isArray(value), 'message');
  return value as Record<string, unknown>;
}

function checkChange(message: Record<string, unknown>, kind: Entry['kind']): void {
  checkPath(message['path']);
  checkEntry(message['entry'], kind);
  if (message['expect'] !== undefined && message['expect'] !== null) checkEntry(message['expect']);
}

function checkEntry(value: unknown, kind?: Entry['kind']): void {
  check(typeof value === 'object' && value !== null, 'entry');
  const entry = value as Record<string, unknown>;
  check(kind === undefined || entry['kind'] === kind, 'entry.kind');
  if (entry['kind'] === 'link') {
    const { target } = entry;
    check(typeof target === 'string' && target !== '' && !target.includes('\0'), 'entry.target');
    check(Buffer.byteLength(target as string) <= maxLinkBytes, 'entry.target');
    return;
  }
  check(entry['kind'] === 'file' || entry['kind'] === 'directory', 'entry.kind');
  checkCount(entry['mode'], 'entry.mode', permissionBits);
  if (entry['kind'] === 'directory') return;
  checkCount(entry['size'], 'entry.size', maxFileBytes);
  check(Number.isSafeInteger(entry['mtimeMs']), 'entry.mtimeMs');
}

function checkPath(path: unknown): void {
  check(typeof path === 'string' && isTreePath(path), 'path');
}

function checkIdentity(identity: unknown): void {
  if (identity === undefined) return;
  check(typeof identity === 'string' && identity !== '' && identity.length <= maxIdentityLength, 'identity');
}

function checkRules(rules: unknown): void {
  checkList(rules, (each) => {
    const { kind, directory, text } = (each ?? {}) as Record<string, unknown>;
    check(kind === 'git' || kind === 'docker' || kind === 'eliot', 'rules');
    check(typeof text === 'string', 'rules');
    if (directory !== '') checkPath(directory);
  });
}

function checkList(list: unknown, checkEach: (each: unknown) => void): void {
  check(Array.isArray(list), 'list');
  for (const each of list as unknown[]) checkEach(each);
}

function checkCount(value: unknown, name: string, max: number = Number.MAX_SAFE_INTEGER): void {
  check(Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max, name);
}

function check(isGood: boolean, what: string): void {
  if (!isGood) throw new FrameError(`a message has a bad ${what}`);
}
