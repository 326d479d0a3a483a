/** Joins the parts of the bundle child; see `import-in-child.ts`. */
import { diskSpace } from '../../host/disk-space.ts';
import { readKeyFiles } from '../../host/read-key-files.ts';
import { runChild } from '../../host/run-child.ts';
import { createSystemClock } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { createGrpcClient } from '../../runtime/containerd/grpc/client.ts';
import { criNamespace } from '../../runtime/containerd/methods.ts';
import type { BundleMessage, BundleQuestion } from './bundle-messages.ts';
import { recordPath } from './bundle-record.ts';
import { importInChild } from './import-in-child.ts';

/** Flushing a slow card may take long. */
const syncTimeoutMs = 10 * 60_000;

/** The process around it. */
export interface BundleChildProcess {
  readonly content: AsyncIterable<Uint8Array>;
  /** Undefined when it comes on stdin. */
  readonly fileBytes: () => Promise<number | undefined>;
  /** Whole and on disk when it resolves. */
  readonly writeFile: (path: string, text: string) => Promise<void>;
  readonly say: (message: BundleMessage) => Promise<void>;
  /** Resolves when eliotd says to go on. */
  readonly told: Promise<void>;
}

/** Tells how it ended; never rejects. */
export async function runBundleChild(
  { file, socketPath, root, architectures, trustedKeys, records }: BundleQuestion,
  process: BundleChildProcess,
  signal: AbortSignal,
): Promise<void> {
  const clock = createSystemClock();
  const grpc = createGrpcClient({ socketPath, clock, metadata: criNamespace });
  try {
    await importInChild(
      {
        grpc,
        clock,
        architectures,
        flush: async (stopping) => {
          const { exitCode, stderr } = await runChild('sync', ['-f', root], stopping, { timeoutMs: syncTimeoutMs });
          if (exitCode !== 0) throw new StatusError('InternalError', `cannot flush ${root} to disk: ${stderr.trim()}`);
        },
        // A file is there again as a whole; what is sent may be long on its way.
        keepUnfinished: file === undefined,
        source: process.content,
        fileBytes: process.fileBytes,
        readKeys: () => readKeyFiles(trustedKeys),
        freeBytes: async () => (await diskSpace(root)).availableBytes,
        writeRecord: (record) =>
          process.writeFile(recordPath(records, record.name, record.digest), JSON.stringify(record)),
        say: process.say,
        whenTold: (stopping) => untilAborted(process.told, stopping),
      },
      signal,
    );
  } finally {
    grpc.close();
  }
}
