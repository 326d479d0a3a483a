/** The bundle child of eliotd: reads one bundle and brings its images into containerd, then ends. */
import { constants } from 'node:fs';
import { lstat, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { BundleQuestion } from '../agent/bundles/bundle-messages.ts';
import { runBundleChild } from '../agent/bundles/run-bundle-child.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';

const stopping = new AbortController();
/** eliotd is gone, or wants no more of it: what was begun is taken back. */
process.once('disconnect', () => stopping.abort());

const messages = { told: Promise.withResolvers<void>(), question: Promise.withResolvers<BundleQuestion>() };
process.once('message', (question) => {
  messages.question.resolve(question as BundleQuestion);
  process.once('message', () => messages.told.resolve());
});

async function* contentOf(path: string | undefined): AsyncGenerator<Uint8Array> {
  if (path === undefined) {
    yield* process.stdin as AsyncIterable<Uint8Array>;
    return;
  }
  // Whoever made the stick may have put a link to something else there.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${path} is no regular file`);
    yield* file.createReadStream({ highWaterMark: 256 * 1024, autoClose: false });
  } finally {
    await file.close();
  }
}

const question = await messages.question.promise;
await runBundleChild(
  question,
  {
    content: contentOf(question.file),
    fileBytes: async () => (question.file === undefined ? undefined : (await lstat(question.file)).size),
    writeFile: async (path, text) => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFileAtomic(path, text, 0o600);
    },
    say: (message) =>
      new Promise((resolve, reject) => {
        if (process.send === undefined || !process.connected) reject(new Error('nobody listens'));
        else process.send(message, (error: Error | null) => (error ? reject(error) : resolve()));
      }),
    told: messages.told.promise,
  },
  stopping.signal,
);
process.exit(0);
