/**
 * The key that signs service account tokens: `D/pki/sa.key`, made at the first start and kept for good. Whoever has it
 * is every account of the device. Moved away, it is made anew at the next start and every token of before is void.
 */
import { generateKeyPair } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readTokenKey, type TokenKey } from '../../apiserver/tokens/token-key.ts';
import { writeFileAtomic } from '../../lib/atomic-file.ts';
import { StatusError } from '../../lib/status-error.ts';

/** @throws StatusError `InternalError` naming the file when it cannot be read, parsed or written */
export async function openTokenKey(dataDir: string): Promise<TokenKey> {
  const directory = join(dataDir, 'pki');
  const path = join(directory, 'sa.key');
  const stored = await readKey(path);
  if (stored !== undefined) return parse(path, stored);
  // A key of this kind takes less than a millisecond, on a thread of Node's own: no child is needed (design D7).
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFileAtomic(path, pem, 0o600);
  return readTokenKey(pem);
}

function parse(path: string, pem: string): TokenKey {
  try {
    return readTokenKey(pem);
  } catch (cause) {
    throw new StatusError('InternalError', `${path} cannot be read; move it away to have a new one made`, { cause });
  }
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StatusError('InternalError', `cannot read ${path}`, { cause });
  }
}
