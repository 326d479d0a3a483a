/** Reads what `-f` names: a file, a directory, a URL, or `-` for stdin. */
import { join } from 'node:path';
import { trustPublicAuthorities } from '../../client/transport-authorities.ts';
import { StatusError } from '../../lib/status-error.ts';
import type { CommandContext } from '../context.ts';
import type { CliIo } from '../io.ts';
import { UsageError } from '../usage-error.ts';
import type { Manifest } from './manifest.ts';
import { parseManifests } from './parse-manifests.ts';

export interface ManifestFlags {
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
}

/** Files of a directory that are read, as kubectl. */
const manifestFile = /\.(ya?ml|json)$/;
/** Largest file, answer or stdin that is read. */
const maxBytes = 32 * 1024 * 1024;
const downloadTimeoutMs = 30_000;

/**
 * The objects of everything that `-f` names, in order. What a person should know of how they were read is told.
 *
 * @throws UsageError when there is no `-f`, something cannot be read, or there is no object in it
 */
export async function readManifests(
  flags: ManifestFlags,
  context: Pick<CommandContext, 'io' | 'signal' | 'note'>,
  verb: string,
): Promise<readonly Manifest[]> {
  const names = flags.filename ?? [];
  if (names.length === 0) {
    throw new UsageError('must specify -f', `for example: eli ${verb} -f pod.yaml`);
  }
  if (names.filter((name) => name === '-').length > 1) throw new UsageError('-f - can be given only once');
  const manifests: Manifest[] = [];
  for (const name of names) {
    for await (const { text, source } of texts(name, flags, context.io, context.signal))
      manifests.push(...parseManifests(text, source));
  }
  if (manifests.length === 0)
    throw new UsageError(`no objects passed to ${verb}`, `nothing was found in ${names.join(', ')}`);
  for (const line of new Set(manifests.flatMap(({ notes }) => notes))) context.note(`note: ${line}`);
  return manifests;
}

interface NamedText {
  readonly text: string;
  readonly source: string;
}

async function* texts(name: string, flags: ManifestFlags, io: CliIo, signal: AbortSignal): AsyncGenerator<NamedText> {
  if (name === '-') yield { text: await readStdin(io, signal), source: 'STDIN' };
  else if (/^https?:\/\//.test(name)) yield { text: await download(name, signal), source: name };
  else yield* readPath(name, flags.recursive ?? false, io);
}

async function* readPath(path: string, recursive: boolean, io: CliIo): AsyncGenerator<NamedText> {
  const kind = await io.files.kindOf(path);
  if (kind === 'missing') throw new UsageError(`the path "${path}" does not exist`);
  if (kind !== 'directory') {
    yield { text: await readFile(path, io), source: path };
    return;
  }
  const names = (await io.files.readDirectory(path)).sort();
  for (const name of names) {
    const inside = join(path, name);
    const isDirectory = (await io.files.kindOf(inside)) === 'directory';
    if (isDirectory && recursive) yield* readPath(inside, recursive, io);
    else if (!isDirectory && manifestFile.test(name)) yield { text: await readFile(inside, io), source: inside };
  }
}

async function readFile(path: string, io: CliIo): Promise<string> {
  try {
    return decode(await io.files.readFile(path), path);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    throw new UsageError(`cannot read ${path}: ${code === 'EACCES' ? 'permission denied' : String(cause)}`, undefined, {
      cause,
    });
  }
}

/**
 * All of stdin.
 *
 * @throws UsageError when it is too large, the reason of the signal
 */
export async function readStdin(io: CliIo, signal: AbortSignal): Promise<string> {
  if (io.stdin.isTTY) io.stderr.write('(reading from the terminal; Ctrl-D ends it)\n');
  const chunks: Buffer[] = [];
  const stop = (): void => {
    io.stdin.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    let size = 0;
    for await (const chunk of io.stdin) {
      const bytes = Buffer.from(chunk as Buffer | string);
      size += bytes.length;
      if (size > maxBytes) throw new UsageError(`STDIN: larger than ${maxBytes} bytes`);
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  return decode(Buffer.concat(chunks), 'STDIN');
}

async function download(url: string, signal: AbortSignal): Promise<string> {
  let response: Response;
  let bytes: Buffer;
  // Also for an http address: it may lead to another one.
  trustPublicAuthorities();
  try {
    response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(downloadTimeoutMs)]) });
    bytes = Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    signal.throwIfAborted();
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const why = inner instanceof Error ? inner.message : String(inner);
    throw new StatusError('ServiceUnavailable', `unable to read URL "${url}": ${why}`, { cause });
  }
  if (!response.ok)
    throw new UsageError(`unable to read URL "${url}", server reported ${response.status} ${response.statusText}`);
  return decode(bytes, url);
}

function decode(bytes: Buffer, source: string): string {
  if (bytes.length > maxBytes) throw new UsageError(`${source}: larger than ${maxBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError(`${source}: is no UTF-8 text`, undefined, { cause });
  }
}
