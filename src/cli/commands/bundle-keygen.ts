/** `eli bundle keygen`: a pair of keys, one to sign with and one for the devices. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { keyIdOf } from '../../api/bundle/signature.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';

/** Writes `NAME.key` and `NAME.pem`; what is there is never replaced. */
export async function runBundleKeygen(name: string, context: CommandContext): Promise<number> {
  const { files } = context.io;
  const [privatePath, publicPath] = [`${name}.key`, `${name}.pem`];
  for (const path of [privatePath, publicPath]) {
    if ((await files.kindOf(path)) === 'missing') continue;
    throw new UsageError(`${path} is there already: a key that is lost cannot be made again`, 'choose another name');
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  await files.writeFile(privatePath, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  const publicKey = createPublicKey(privateKey);
  await files.writeFile(publicPath, publicKey.export({ type: 'spki', format: 'pem' }).toString(), 0o644);
  await context.print(`${privatePath} written: sign with it, and keep it secret\n`);
  await context.print(`${publicPath} written: for the trusted-keys directory of devices\n${keyIdOf(publicKey)}\n`);
  return 0;
}
