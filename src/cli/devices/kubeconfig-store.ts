/** Reads and changes a kubeconfig file: one writer at a time, whole or not at all, readable by its owner alone. */
import { badKubeconfig, parseKubeconfig, readBounded } from '../../client/kubeconfig-file.ts';
import type { Clock } from '../../lib/clock.ts';
import type { FileAccess } from '../io.ts';
import { UsageError } from '../usage-error.ts';
import { emptyKubeconfig, type KubeconfigDocument } from './kubeconfig-document.ts';

/** Whoever can read the file is the administrator of what it names. */
const fileMode = 0o600;
/** A writer needs milliseconds; who holds the lock for so long has died with it. */
const lockPatienceMs = 3_000;
const lockRetryMs = 20;

export interface StoreSurroundings {
  readonly files: FileAccess;
  readonly clock: Clock;
}

/**
 * What the file says; a missing one says nothing.
 *
 * @throws StatusError BadRequest that names the file when it is no kubeconfig or cannot be read
 */
export async function readKubeconfig(path: string, files: FileAccess): Promise<KubeconfigDocument> {
  const bytes = await readBounded(path, (file) => files.readFile(file));
  if (bytes === undefined || bytes.length === 0) return emptyKubeconfig;
  const document = await parseKubeconfig(path, bytes);
  for (const list of ['clusters', 'users', 'contexts']) {
    if (!Array.isArray(document[list] ?? [])) throw badKubeconfig(`${path}: ${list} must be a list`);
  }
  return document;
}

/**
 * Replaces the file by what `change` makes of it, under the lock that kubectl takes too (`FILE.lock`). Nothing is written when
 * `change` throws or gives back what it got. The layout is kubectl's; comments are lost, as with kubectl.
 *
 * @returns what the file says now
 * @throws UsageError when somebody keeps the lock or the file cannot be written
 */
export async function changeKubeconfig(
  path: string,
  change: (document: KubeconfigDocument) => KubeconfigDocument,
  { files, clock }: StoreSurroundings,
  signal: AbortSignal,
): Promise<KubeconfigDocument> {
  const lock = `${path}.lock`;
  await takeLock(lock, { files, clock }, signal);
  try {
    const before = await readKubeconfig(path, files);
    const after = change(before);
    if (after === before) return before;
    const { toYaml } = await import('../printers/serialize.ts');
    await files.writeFile(path, await toYaml(after), fileMode).catch((cause: unknown) => {
      throw cannotWrite(path, cause);
    });
    return after;
  } finally {
    await files.removeFile(lock);
  }
}

async function takeLock(lock: string, { files, clock }: StoreSurroundings, signal: AbortSignal): Promise<void> {
  const patience = clock.monotonicMs() + lockPatienceMs;
  for (;;) {
    try {
      await files.createFile(lock);
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(lock, cause);
      if (clock.monotonicMs() >= patience) {
        throw new UsageError(
          `${lock} exists: another program changes the file`,
          `when none runs, one has died in the middle; remove it:  rm ${lock}`,
          { cause },
        );
      }
    }
    await clock.sleep(lockRetryMs, signal);
  }
}

function cannotWrite(path: string, cause: unknown): UsageError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === 'EACCES' ? 'permission denied' : code === 'EROFS' ? 'read-only file system' : message;
  return new UsageError(`cannot write ${path}: ${why}`, 'ELI_KUBECONFIG names another file', { cause });
}
