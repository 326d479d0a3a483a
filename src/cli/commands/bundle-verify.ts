/** `eli bundle verify`: whether every byte of a bundle is what it should be, and whose it is. */
import { humanSize } from '../../lib/human-size.ts';
import { judge, readTrustedKeys, readWholeBundle } from '../bundle/open-bundle.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';
import { describeSignature } from './bundle-inspect.ts';

export interface BundleVerifyFlags {
  /** Files of public keys; one of them must have signed it. */
  readonly key?: readonly string[];
}

/** Exit code 1 when it is damaged or not by one of the keys. */
export async function runBundleVerify(
  path: string,
  flags: BundleVerifyFlags,
  context: CommandContext,
): Promise<number> {
  const keys = await readTrustedKeys(flags.key ?? [], context);
  const { documents } = await readWholeBundle(path, context);
  const signature = judge(path, documents, keys);
  const { name, version } = documents.index;
  if (keys.length > 0 && signature.state !== 'Trusted') {
    const why = signature.state === 'Unsigned' ? 'is not signed' : `is signed by another key, ${signature.keyId}`;
    throw new UsageError(`${path}: bundle ${name}:${version} ${why}`);
  }
  const bytes = await context.io.files.sizeOf(path);
  await context.print(
    `bundle ${name}:${version} is whole (${humanSize(bytes)}); signature: ${describeSignature(signature)}\n${documents.digest}\n`,
  );
  return 0;
}
