/** What `bin/eliot-images.ts` runs. */
import type { Readable } from 'node:stream';
import { answerChild } from '../../runtime/containerd/push/answer-child.ts';

/** Answers the request that `stdin` holds, in one line. Never rejects. */
export async function runImageChild(stdin: Readable): Promise<string> {
  return JSON.stringify(await answerChild(stdin, new AbortController().signal));
}
