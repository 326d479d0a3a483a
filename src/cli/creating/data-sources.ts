/** Reads what a ConfigMap or Secret is made of: `--from-literal`, `--from-file` and `--from-env-file`. */
import { basename, join } from 'node:path';
import { checkConfigKey } from '../../api/names.ts';
import type { CliIo } from '../io.ts';
import { UsageError } from '../usage-error.ts';

export interface DataFlags {
  readonly fromLiteral?: readonly string[];
  readonly fromFile?: readonly string[];
  readonly fromEnvFile?: readonly string[];
}

/** What is made, for messages. */
export interface DataOwner {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

/**
 * The values by key, in the order of the flags.
 *
 * @throws UsageError in kubectl's words when a source cannot be read, or two give the same key
 */
export async function readData(flags: DataFlags, owner: DataOwner, io: CliIo): Promise<ReadonlyMap<string, Buffer>> {
  const { fromLiteral = [], fromFile = [], fromEnvFile = [] } = flags;
  if (fromEnvFile.length > 0 && (fromFile.length > 0 || fromLiteral.length > 0)) {
    throw new UsageError('from-env-file cannot be combined with from-file or from-literal');
  }
  const data = new Map<string, Buffer>();
  const add = (key: string, value: Buffer): void => addKey(data, key, value, owner);
  for (const literal of fromLiteral) add(...parseLiteral(literal));
  for (const source of fromFile) for (const [key, path] of await filesOf(source, io)) add(key, await read(path, io));
  for (const path of fromEnvFile) for (const entry of parseEnvFile(await read(path, io), io.env)) add(...entry);
  return data;
}

function addKey(data: Map<string, Buffer>, key: string, value: Buffer, { kind, name }: DataOwner): void {
  const [complaint] = checkConfigKey(key);
  if (complaint !== undefined) {
    throw new UsageError(`${JSON.stringify(key)} is not a valid key name for a ${kind}: ${complaint}`);
  }
  if (data.has(key)) {
    throw new UsageError(
      `cannot add key "${key}", another key by that name already exists in Data for ${kind} "${name}"`,
    );
  }
  data.set(key, value);
}

function parseLiteral(text: string): [string, Buffer] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new UsageError(`invalid literal source ${text}, expected key=value`);
  return [text.slice(0, equals), Buffer.from(text.slice(equals + 1))];
}

/** `PATH`, `KEY=PATH`, or a directory for each file in it whose name can be a key. */
async function filesOf(source: string, io: CliIo): Promise<readonly (readonly [string, string])[]> {
  const [first = '', path, ...more] = source.split('=');
  if (more.length > 0) throw new UsageError("key names or file paths cannot contain '='");
  if (path !== undefined && first === '') throw new UsageError(`key name for file path ${path} missing`);
  if (path === '') throw new UsageError(`file path for key name ${first} missing`);
  const isDirectory = (await io.files.kindOf(path ?? first)) === 'directory';
  if (path !== undefined) {
    if (isDirectory) throw new UsageError('cannot give a key name for a directory path');
    return [[first, path]];
  }
  if (!isDirectory) return [[basename(first), first]];
  const found: (readonly [string, string])[] = [];
  for (const name of (await io.files.readDirectory(first)).sort()) {
    const inside = join(first, name);
    if (checkConfigKey(name).length === 0 && (await io.files.kindOf(inside)) === 'file') found.push([name, inside]);
  }
  return found;
}

async function read(path: string, io: CliIo): Promise<Buffer> {
  try {
    return await io.files.readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : message;
    throw new UsageError(`error reading ${path}: ${why}`, undefined, { cause });
  }
}

/** `KEY=VALUE` a line, the value as it stands; `KEY` alone has the value that it has here. */
function parseEnvFile(content: Buffer, env: CliIo['env']): readonly (readonly [string, Buffer])[] {
  const lines = content
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  return lines.flatMap((line): readonly (readonly [string, Buffer])[] => {
    const text = line.trimStart();
    if (text === '' || text.startsWith('#')) return [];
    const equals = text.indexOf('=');
    if (equals >= 0) return [[text.slice(0, equals), Buffer.from(text.slice(equals + 1))]];
    const value = env[text];
    return value === undefined ? [] : [[text, Buffer.from(value)]];
  });
}
