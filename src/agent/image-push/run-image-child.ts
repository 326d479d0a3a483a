/** What `bin/eliot-images.ts` runs. */
import type { Readable } from 'node:stream';
import { createSystemClock } from '../../lib/clock.ts';
import { StatusError } from '../../lib/status-error.ts';
import { untilAborted } from '../../lib/until-aborted.ts';
import { answerChild } from '../../runtime/containerd/push/answer-child.ts';

const parentLookIntervalMs = 250;

/**
 * Answers the request that `stdin` holds, in one line. Never rejects.
 *
 * It does not outlive the eliotd that has started it, be it killed: the next one starts another child for the same layer. The end of
 * `stdin` says nothing of that, as a body has ended, or was cut off, for many reasons.
 */
export async function runImageChild(stdin: Readable): Promise<string> {
  const orphaned = new AbortController();
  const ended = new AbortController();
  void untilOrphaned(ended.signal).then((isOrphan) => {
    if (isOrphan) orphaned.abort(new StatusError('ServiceUnavailable', 'eliotd has ended'));
  });
  try {
    // Not everything looks at the signal, and nobody waits for the answer: what is under way may be cut off anywhere.
    return JSON.stringify(await untilAborted(answerChild(stdin, orphaned.signal), orphaned.signal));
  } catch {
    return '';
  } finally {
    ended.abort();
  }
}

/** False when `signal` has aborted before. Node has no word for the end of a parent. */
async function untilOrphaned(signal: AbortSignal): Promise<boolean> {
  const clock = createSystemClock();
  const parent = process.ppid;
  while (process.ppid === parent) {
    try {
      await clock.sleep(parentLookIntervalMs, signal);
    } catch {
      return false;
    }
  }
  return true;
}
