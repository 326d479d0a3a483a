/** The log of one container, as it arrives. */
import { pods } from '../../api/resources.ts';
import { connectionError } from '../../client/connection-error.ts';
import { type Query, resourcePath } from '../../client/resource-path.ts';
import type { CommandContext } from '../context.ts';
import type { Session } from '../session.ts';

export interface LogSource {
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
}

/**
 * Writes the log of a container to stdout.
 *
 * @param lines given when output of several sources may mix: then only whole lines are written, with the name of their source
 *   when that is asked for
 * @throws StatusError when there is no such log, or the connection is lost
 */
export async function copyLog(
  { pod, namespace, container }: LogSource,
  query: Query,
  lines: { readonly prefix?: boolean } | undefined,
  session: Session,
  context: CommandContext,
): Promise<void> {
  const prefix = lines?.prefix ? Buffer.from(`[pod/${pod}/${container}] `) : Buffer.alloc(0);
  let pending = Buffer.alloc(0);
  for await (const chunk of readLog({ pod, namespace, container }, query, session, context.signal)) {
    if (lines === undefined) {
      await context.print(chunk);
      continue;
    }
    const text = Buffer.concat([pending, chunk]);
    const end = text.lastIndexOf(10) + 1;
    pending = text.subarray(end);
    await context.print(prefixLines(text.subarray(0, end), prefix));
  }
  if (pending.length > 0) await context.print(Buffer.concat([prefix, pending, Buffer.from('\n')]));
}

/**
 * The log of a container as it arrives.
 *
 * @throws StatusError when there is no such log, or the connection is lost; the reason of `signal` when it aborts
 */
export async function* readLog(
  { pod, namespace, container }: LogSource,
  query: Query,
  session: Session,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const stream = await session.rest.stream({
    path: resourcePath(pods, { namespace, name: pod, subresource: 'log' }),
    query: { ...query, container },
    accept: '*/*',
    signal,
  });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw connectionError(error, session.transport.address);
  } finally {
    stream.destroy();
  }
}

/** `text` is whole lines; works on bytes, since logs need not be UTF-8. */
function prefixLines(text: Buffer, prefix: Buffer): Buffer {
  if (prefix.length === 0) return text;
  const parts: Buffer[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(10, start) + 1;
    parts.push(prefix, text.subarray(start, end));
    start = end;
  }
  return Buffer.concat(parts);
}
