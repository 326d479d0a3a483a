/** The log of one container, as it arrives. */
import { pods } from '../../api/resources.ts';
import { connectionError } from '../../client/connection-error.ts';
import { type Query, resourcePath } from '../../client/resource-path.ts';
import type { CommandContext } from '../context.ts';
import type { Session } from '../session.ts';
import { WholeLines } from '../whole-lines.ts';

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
  const whole = lines && new WholeLines(lines.prefix ? `[pod/${pod}/${container}] ` : '');
  for await (const chunk of readLog({ pod, namespace, container }, query, session, context.signal)) {
    await context.print(whole?.push(chunk) ?? chunk);
  }
  if (whole) await context.print(whole.end());
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
