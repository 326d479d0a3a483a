/** What the child does: reads one bundle, says what it is, waits to be told to go on, and brings its images into containerd. */
import { bundleSize } from '../../api/bundle/bundle-size.ts';
import { judgeSignature, readPublicKey, type TrustedKey } from '../../api/bundle/signature.ts';
import type { Clock } from '../../lib/clock.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { GrpcClient } from '../../runtime/containerd/grpc/client.ts';
import { importBundle, incomplete } from '../../runtime/containerd/images/import-bundle.ts';
import type { BundleMessage } from './bundle-messages.ts';
import type { BundleRecord } from './bundle-record.ts';
import { obstacleOf, RefusalError } from './refusal.ts';

/** A disk with less is full. */
const fullBytes = 4 * 1024 * 1024;

/** What it needs of the process around it. */
export interface ImportInChildDeps {
  readonly grpc: GrpcClient;
  readonly clock: Clock;
  readonly architectures: readonly string[];
  readonly flush: (signal: AbortSignal) => Promise<void>;
  /** See `BundleImportDeps`. */
  readonly keepUnfinished: boolean;
  /** The bundle, once. */
  readonly source: AsyncIterable<Uint8Array>;
  /** Bytes of the file, which holds all layers; undefined for what is sent, where those are left out that are here. */
  readonly fileBytes: () => Promise<number | undefined>;
  /** Texts of the key files, by name without ending. */
  readonly readKeys: () => Promise<ReadonlyMap<string, string>>;
  readonly freeBytes: () => Promise<number>;
  /** Makes the record, durably. */
  readonly writeRecord: (record: BundleRecord) => Promise<void>;
  readonly say: (message: BundleMessage) => Promise<void>;
  /** Resolves when eliotd says to go on. */
  readonly whenTold: (signal: AbortSignal) => Promise<void>;
}

/** Tells how it ended; never rejects. Nothing is left behind when it failed. */
export async function importInChild(deps: ImportInChildDeps, signal: AbortSignal): Promise<void> {
  try {
    const keys = await readKeys(deps);
    await importBundle(
      deps,
      deps.source,
      {
        onDocuments: async (documents, needs) => {
          const { name, version, progressDeadlineSeconds } = documents.index;
          const signature = judgeSignature(documents.signatureData, documents.indexData, keys);
          const { digest, manifests } = documents;
          const freeBytes = await deps.freeBytes();
          const about = { name, version, digest, progressDeadlineSeconds, manifests };
          await deps.say({ type: 'offer', ...about, ...needs, signature, trustedKeys: keys.length, freeBytes });
          await deps.whenTold(signal);
          // Found out only at its end, a stick with a truncated file would wear out the flash, try after try.
          const [isBytes, wholeBytes] = [await deps.fileBytes(), bundleSize(documents)];
          if (isBytes !== undefined && isBytes < wholeBytes) {
            throw incomplete(`the bundle is incomplete: the file has ${isBytes} of ${wholeBytes} bytes`);
          }
        },
        onStored: async ({ index, digest, manifests }, { images }) => {
          const { name, version, bakeSeconds } = index;
          await deps.writeRecord({ name, version, digest, bakeSeconds, manifests, images: [...images] });
        },
      },
      signal,
    );
    await deps.say({ type: 'stored' });
  } catch (error) {
    const known = isStatusError(error) ? error.reason : 'InternalError';
    // Whatever failed then, it is this that a person can mend.
    const isFull = known === 'InternalError' && (await deps.freeBytes().catch(() => fullBytes)) < fullBytes;
    const reason = isFull ? 'InsufficientStorage' : known;
    const words = error instanceof Error ? error.message : String(error);
    const message = isFull ? `the disk of the device is full: ${words}` : words;
    await deps.say({ type: 'failed', reason, message, obstacle: obstacleOf(error) }).catch(() => {});
  }
}

/** A file that is no key trusts nobody, and says so. */
async function readKeys(deps: ImportInChildDeps): Promise<readonly TrustedKey[]> {
  const texts = await deps.readKeys();
  return [...texts].map(([name, text]) => {
    try {
      return { name, key: readPublicKey(text) };
    } catch (error) {
      if (!isStatusError(error)) throw error;
      throw new RefusalError(error.reason, `trusted key "${name}": ${error.message}`, 'Keys');
    }
  });
}
