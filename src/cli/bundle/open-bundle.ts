/** Reads a bundle that lies on this machine. */

import { basename } from 'node:path';
import type { BundleDocuments } from '../../api/bundle/bundle-documents.ts';
import { readBundle } from '../../api/bundle/read-bundle.ts';
import { judgeSignature, readPublicKey, type SignatureState, type TrustedKey } from '../../api/bundle/signature.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';

/** A bundle that was read to its end. */
export interface WholeBundle {
  readonly documents: BundleDocuments;
  /** Digests of the layers that are in the file. */
  readonly layers: ReadonlySet<string>;
}

/** The documents only; the rest of the file is not read. @throws UsageError when it is no bundle */
export async function readBundleDocuments(path: string, context: CommandContext): Promise<BundleDocuments> {
  let found: BundleDocuments | undefined;
  const enough = new Error('enough was read');
  const source = await openBundle(path, context);
  try {
    const { documents } = await readBundle(source, {
      onDocuments: async (documents) => {
        found = documents;
        throw enough;
      },
      onLayer: async () => {},
    });
    return documents;
  } catch (error) {
    if (error === enough && found !== undefined) return found;
    throw inFile(path, error);
  } finally {
    source.destroy();
  }
}

/** All of it, each byte checked. @throws UsageError when it is no bundle, damaged, or a layer is missing */
export async function readWholeBundle(path: string, context: CommandContext): Promise<WholeBundle> {
  const source = await openBundle(path, context);
  const totalBytes = await context.io.files.sizeOf(path);
  return await context.terminal.during(`Reading ${path}`, async (activity) => {
    let doneBytes = 0;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of source as AsyncIterable<Uint8Array>) {
        context.signal.throwIfAborted();
        doneBytes += piece.length;
        activity.showBytes(`Reading ${path}`, doneBytes, totalBytes);
        yield piece;
      }
    };
    try {
      const whole = await readBundle(counted(), { onDocuments: async () => {}, onLayer: async () => {} });
      const missing = [...whole.documents.layers.keys()].find((digest) => !whole.layers.has(digest));
      if (missing !== undefined) throw new UsageError(`the bundle is incomplete: layer ${missing} is missing`);
      return whole;
    } catch (error) {
      context.signal.throwIfAborted();
      throw inFile(path, error);
    }
  });
}

/** @param paths files of public keys @throws UsageError when one is none */
export async function readTrustedKeys(
  paths: readonly string[],
  { io }: CommandContext,
): Promise<readonly TrustedKey[]> {
  const keys: TrustedKey[] = [];
  for (const path of paths) {
    if ((await io.files.kindOf(path)) !== 'file') throw new UsageError(`${path}: no such key`);
    try {
      const key = readPublicKey((await io.files.readFile(path)).toString('utf8'));
      keys.push({ name: basename(path).replace(/\.[^.]*$/, ''), key });
    } catch (error) {
      throw inFile(path, error);
    }
  }
  return keys;
}

/** What its signature is worth to who trusts these keys. @throws UsageError when it is wrong */
export function judge(path: string, documents: BundleDocuments, keys: readonly TrustedKey[]): SignatureState {
  try {
    return judgeSignature(documents.signatureData, documents.indexData, keys);
  } catch (error) {
    throw inFile(path, error);
  }
}

async function openBundle(path: string, { io }: CommandContext): Promise<ReturnType<typeof io.files.openFile>> {
  if ((await io.files.kindOf(path)) === 'file') return io.files.openFile(path);
  throw new UsageError(`${path}: no such bundle`, 'make one with "eli bundle create"');
}

function inFile(path: string, cause: unknown): UsageError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new UsageError(`${path}: ${message}`, undefined, { cause });
}
