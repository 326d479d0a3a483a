/** `eli logs`: what containers have printed, of one pod or of several. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import { connectionError } from '../../client/connection-error.ts';
import { type Query, resourcePath } from '../../client/resource-path.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { write } from '../output.ts';
import type { Session } from '../session.ts';
import { UsageError } from '../usage-error.ts';
import { chooseContainer, containerNames, findPod } from './pod-containers.ts';
import { forEach } from './write-result.ts';

export interface LogsFlags {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly container?: string;
  readonly allContainers?: boolean;
  readonly selector?: string;
  readonly tail?: string;
  readonly since?: string;
  readonly sinceTime?: string;
  readonly timestamps?: boolean;
  readonly prefix?: boolean;
  readonly limitBytes?: string;
}

export interface LogsArgs {
  readonly pod: string | undefined;
  readonly container: string | undefined;
}

interface LogSource {
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
}

/** As kubectl's --max-log-requests: so many followed streams at once. */
const maxFollowed = 5;
/** As kubectl: with a selector only the ends are shown unless asked otherwise. */
const selectorTail = 10;

/** Prints the logs; with `--follow` until the containers end. Resolves with the exit code. */
export async function runLogs(args: LogsArgs, flags: LogsFlags, context: CommandContext): Promise<number> {
  const query = queryOf(flags);
  const sources = await findSources(args, flags, context);
  const session = await context.session();
  if (sources.length === 0) {
    context.note(`No resources found in ${session.namespace} namespace.`);
    return 0;
  }
  const copy = (source: LogSource): Promise<void> =>
    copyLog(source, query, sources.length > 1 || flags.prefix ? flags : undefined, session, context);
  if (!flags.follow || sources.length === 1) return await forEach(sources, context, copy);
  if (sources.length > maxFollowed) {
    throw new UsageError(
      `you are attempting to follow ${sources.length} log streams, but maximum allowed concurrency is ${maxFollowed}`,
      'narrow the selector, or name a container with -c',
    );
  }
  const exitCodes = await Promise.all(sources.map((source) => forEach([source], context, copy)));
  return Math.max(...exitCodes);
}

function queryOf(flags: LogsFlags): Query {
  if (flags.since !== undefined && flags.sinceTime !== undefined) {
    throw new UsageError('at most one of --since and --since-time may be specified');
  }
  const tail = wholeNumber(flags.tail, '--tail', -1) ?? (flags.selector === undefined ? -1 : selectorTail);
  if (flags.sinceTime !== undefined && Number.isNaN(Date.parse(flags.sinceTime))) {
    throw new UsageError(`invalid --since-time "${flags.sinceTime}"`, 'for example: 2026-11-22T10:00:00Z');
  }
  return {
    follow: flags.follow,
    previous: flags.previous,
    timestamps: flags.timestamps,
    tailLines: tail < 0 ? undefined : tail,
    // At least a second: 0 would mean no limit at all.
    sinceSeconds:
      flags.since === undefined ? undefined : Math.max(1, Math.ceil(parseDuration(flags.since, '--since') / 1000)),
    sinceTime: flags.sinceTime,
    limitBytes: wholeNumber(flags.limitBytes, '--limit-bytes', 1),
  };
}

function wholeNumber(text: string | undefined, flag: string, min: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min) return value;
  throw new UsageError(`invalid ${flag} "${text}": must be a whole number, at least ${min}`);
}

async function findSources(args: LogsArgs, flags: LogsFlags, context: CommandContext): Promise<readonly LogSource[]> {
  if (flags.selector !== undefined && args.pod !== undefined) {
    throw new UsageError('only a selector (-l) or a POD name is allowed', 'use one or the other');
  }
  if (flags.selector === undefined && args.pod === undefined) {
    throw new UsageError('expected a POD name or a selector', 'for example: eli logs web');
  }
  const asked = flags.container ?? args.container;
  if (flags.allContainers && asked !== undefined) {
    throw new UsageError('--all-containers=true should not be specified with container name');
  }
  const session = await context.session();
  if (args.pod !== undefined) {
    return sourcesOf(await findPod(args.pod, session, context), asked, flags, context);
  }
  const { items } = await session.client.list<Pod>(
    pods,
    { namespace: session.namespace, labelSelector: flags.selector ?? '' },
    context.signal,
  );
  return items.flatMap((pod) => sourcesOf(pod, asked, flags, context));
}

function sourcesOf(
  pod: Pod,
  asked: string | undefined,
  flags: LogsFlags,
  context: CommandContext,
): readonly LogSource[] {
  const { name = '', namespace = '' } = pod.metadata;
  const containers = flags.allContainers
    ? containerNames(pod)
    : [chooseContainer(pod, asked, (line) => context.note(line))];
  return containers.map((container) => ({ pod: name, namespace, container }));
}

/** `lines` is given when output of several sources may mix: then only whole lines are written. */
async function copyLog(
  { pod, namespace, container }: LogSource,
  query: Query,
  lines: LogsFlags | undefined,
  session: Session,
  context: CommandContext,
): Promise<void> {
  const stream = await session.rest.stream({
    path: resourcePath(pods, { namespace, name: pod, subresource: 'log' }),
    query: { ...query, container },
    accept: '*/*',
    signal: context.signal,
  });
  const prefix = lines?.prefix ? Buffer.from(`[pod/${pod}/${container}] `) : Buffer.alloc(0);
  let pending = Buffer.alloc(0);
  try {
    for await (const chunk of stream) {
      if (lines === undefined) {
        await write(context.io.stdout, chunk as Buffer);
        continue;
      }
      const text = Buffer.concat([pending, chunk as Buffer]);
      const end = text.lastIndexOf(10) + 1;
      pending = text.subarray(end);
      await write(context.io.stdout, prefixLines(text.subarray(0, end), prefix));
    }
  } catch (error) {
    context.signal.throwIfAborted();
    throw connectionError(error, session.transport.address);
  } finally {
    stream.destroy();
  }
  if (pending.length > 0) await write(context.io.stdout, Buffer.concat([prefix, pending, Buffer.from('\n')]));
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
