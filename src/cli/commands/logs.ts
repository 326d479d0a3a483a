/** `eli logs`: what containers have printed, of one pod or of several. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import { pods } from '../../api/resources.ts';
import type { Query } from '../../client/resource-path.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { UsageError } from '../usage-error.ts';
import { copyLog, type LogSource } from './copy-log.ts';
import { findPod } from './find-pod.ts';
import { chooseContainer, containerNames } from './pod-containers.ts';
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
  readonly podRunningTimeout?: string;
}

export interface LogsArgs {
  readonly pod: string | undefined;
  readonly container: string | undefined;
}

/** As kubectl's --max-log-requests: so many followed streams at once. */
const maxFollowed = 5;
/** As kubectl: so long `logs` waits for the first pod of a Deployment. */
const defaultPodWait = '20s';
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
  if (args.pod !== undefined) {
    const { pod, candidates } = await findPod(args.pod, context, flags.podRunningTimeout ?? defaultPodWait);
    if (candidates > 1) context.note(`Found ${candidates} pods, using pod/${pod.metadata.name}`);
    return sourcesOf(pod, asked, flags, context);
  }
  const session = await context.session();
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
