/** One kubeconfig file as it stands on the disk, not yet understood. */
import { StatusError } from '../lib/status-error.ts';
import { readPlainYaml } from './plain-yaml.ts';

/** Reads a file; rejects with Node's error (`code: 'ENOENT'` when there is none). */
export type ReadFile = (path: string) => Promise<Buffer>;

/** A mapping of the file. */
export type KubeconfigEntry = Readonly<Record<string, unknown>>;

/** Largest kubeconfig, certificate or token file that is read; a real one has a few kB. */
const maxFileBytes = 1024 * 1024;

/**
 * The bytes of a file, or undefined when there is none.
 *
 * @throws StatusError BadRequest that names the file when it cannot be read or is too large
 */
export async function readBounded(file: string, readFile: ReadFile): Promise<Buffer | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    const why = code === 'EACCES' ? 'permission denied' : code === 'EISDIR' ? 'is a directory' : String(cause);
    throw badKubeconfig(`cannot read ${file}: ${why}`, cause);
  }
  if (bytes.length > maxFileBytes) throw badKubeconfig(`${file}: larger than ${maxFileBytes} bytes`);
  return bytes;
}

/**
 * What a kubeconfig says.
 *
 * @throws StatusError BadRequest that names the file when it is no YAML, or something else than a kubeconfig
 */
export async function parseKubeconfig(file: string, bytes: Buffer): Promise<KubeconfigEntry> {
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = readPlainYaml(text) ?? (await import('js-yaml')).load(text);
  } catch (cause) {
    throw badKubeconfig(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (!isEntry(value) || value['kind'] !== 'Config')
    throw badKubeconfig(`${file}: is no kubeconfig (kind: Config is missing)`);
  return value;
}

/** Whether a value is a mapping. */
export function isEntry(value: unknown): value is KubeconfigEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error that says what is wrong with a kubeconfig. */
export function badKubeconfig(message: string, cause?: unknown): StatusError {
  return new StatusError('BadRequest', message, cause === undefined ? {} : { cause });
}
