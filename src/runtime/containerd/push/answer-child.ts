/** What the image child does: one request, whose first line says what it is, and one answer. */
import { mkdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { ChildAnswer, ChildRequest, LayerState, PushState } from '../../../api/image-push/exchange.ts';
import { runChild } from '../../../host/run-child.ts';
import { createSystemClock } from '../../../lib/clock.ts';
import { isStatusError, StatusError } from '../../../lib/status-error.ts';
import { createGrpcClient } from '../grpc/client.ts';
import { criNamespace } from '../methods.ts';
import { asStorageError } from './check-space.ts';
import { createLayerStore } from './layer-store.ts';
import { pushImage } from './push-image.ts';
import { takeLayer } from './take-layer.ts';

/** Holds a configuration, which may be some megabytes. */
const maxLineBytes = 16 * 1024 * 1024;
const syncTimeoutMs = 10 * 60_000;

/** Reads the request from `stdin`; never rejects. */
export async function answerChild(stdin: Readable, signal: AbortSignal): Promise<ChildAnswer> {
  let about = 'the image';
  try {
    const { line, rest } = await readLine(stdin);
    const request = JSON.parse(line) as ChildRequest;
    about = request.kind === 'Push' ? request.push.image : `layer ${request.upload.diffID}`;
    return { result: await answer(request, rest, signal) };
  } catch (thrown) {
    const error = asStorageError(thrown, about);
    if (isStatusError(error)) return { reason: error.reason, message: error.message };
    return {
      reason: 'InternalError',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

async function answer(request: ChildRequest, body: Readable, signal: AbortSignal): Promise<PushState | LayerState> {
  const { socketPath, root, spool, architectures } = request.world;
  const clock = createSystemClock();
  const grpc = createGrpcClient({ socketPath, clock, metadata: criNamespace });
  try {
    mkdirSync(spool, { recursive: true, mode: 0o700 });
    if (request.kind === 'Layer') {
      return await takeLayer({ layers: createLayerStore(grpc, clock), spool }, request.upload, body, signal);
    }
    const flush = async (stopping: AbortSignal): Promise<void> => {
      const result = await runChild('sync', ['-f', root], stopping, { timeoutMs: syncTimeoutMs });
      if (result.exitCode !== 0)
        throw new StatusError('InternalError', `cannot flush ${root}: ${result.stderr.trim()}`);
    };
    return await pushImage({ grpc, clock, spool, architectures, flush }, request.push, signal);
  } finally {
    grpc.close();
  }
}

async function readLine(stdin: Readable): Promise<{ readonly line: string; readonly rest: Readable }> {
  const pieces = stdin.iterator() as AsyncIterableIterator<Buffer>;
  let head = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const next = await pieces.next();
    if (next.done || head.length > maxLineBytes) throw new StatusError('BadRequest', 'the request is no line');
    const from = head.length;
    head = Buffer.concat([head, next.value]);
    end = head.indexOf('\n', from);
  }
  const body = async function* (): AsyncGenerator<Buffer> {
    if (end + 1 < head.length) yield head.subarray(end + 1);
    yield* pieces;
  };
  return { line: head.toString('utf8', 0, end), rest: Readable.from(body(), { objectMode: false }) };
}
