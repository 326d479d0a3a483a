/** `eli scale`: how many pods a Deployment or ReplicaSet keeps. */
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectKey } from '../../api/object-client.ts';
import { resourcePath } from '../../client/resource-path.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import type { ResourceKind } from '../resources/resource-kind.ts';
import { UsageError } from '../usage-error.ts';
import { isOneByName, type SelectionFlags, selectObjects } from './select-objects.ts';
import { createWritePrinter, forEach, parseDryRun } from './write-result.ts';

export interface ScaleFlags extends SelectionFlags {
  readonly replicas?: string;
  readonly currentReplicas?: string;
  readonly resourceVersion?: string;
  readonly timeout?: string;
  readonly dryRun?: string | boolean;
}

/** `autoscaling/v1 Scale`, as much of it as we look at. */
interface Scale {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

/** How often a scale is looked at while its pods come or go. */
const lookEveryMs = 1_000;

/** Scales what arguments or manifests name; resolves with the exit code. */
export async function runScale(args: readonly string[], flags: ScaleFlags, context: CommandContext): Promise<number> {
  if (flags.replicas === undefined) throw new UsageError('required flag(s) "replicas" not set');
  const replicas = parseCount(flags.replicas, '--replicas');
  if (replicas < 0) {
    throw new UsageError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  }
  const expected = flags.currentReplicas === undefined ? -1 : parseCount(flags.currentReplicas, '--current-replicas');
  const timeoutMs = flags.timeout === undefined ? 0 : parseDuration(flags.timeout, '--timeout');
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  if (flags.resourceVersion !== undefined && !isOneByName(args, flags)) {
    throw new UsageError('cannot use --resource-version with multiple resources');
  }
  const selected = await selectObjects(args, flags, 'scale', context);
  if (selected.length === 0) throw new UsageError('no objects passed to scale');
  const { client } = await context.session();
  return await forEach(selected, context, async ({ kind, namespace, name }) => {
    const key = namespace === undefined ? { name } : { namespace, name };
    const object = await client.get<KubeObject>(kind, key, context.signal);
    if (dryRun === 'client') return await print(kind, object, 'scaled');
    const scale = await readScale(kind, key, context);
    checkPreconditions(scale, expected, flags.resourceVersion);
    const isConditional = expected >= 0 || flags.resourceVersion !== undefined;
    const { resourceVersion } = scale.metadata;
    // What was checked must still hold when it is written.
    const patch = { ...(isConditional ? { metadata: { resourceVersion } } : {}), spec: { replicas } };
    const options = { fieldManager: 'eli-scale', subresource: 'scale', dryRun: dryRun === 'server' };
    await client.patch(kind, key, 'merge', patch, options);
    if (timeoutMs > 0 && dryRun === 'none') await untilScaled(kind, key, replicas, timeoutMs, context);
    const scaled =
      context.flags.output === undefined ? object : await client.get<KubeObject>(kind, key, context.signal);
    await print(kind, scaled, 'scaled');
  });
}

function checkPreconditions(scale: Scale, expected: number, resourceVersion: string | undefined): void {
  const present = scale.spec?.replicas ?? 0;
  if (expected >= 0 && present !== expected) {
    throw new UsageError(`Expected replicas to be ${expected}, was ${present}`);
  }
  if (resourceVersion !== undefined && scale.metadata.resourceVersion !== resourceVersion) {
    throw new UsageError(`Expected resource version to be ${resourceVersion}, was ${scale.metadata.resourceVersion}`);
  }
}

/** Resolves when there are as many pods as asked for. */
async function untilScaled(
  kind: ResourceKind,
  key: ObjectKey,
  replicas: number,
  timeoutMs: number,
  context: CommandContext,
): Promise<void> {
  const { clock } = context.io;
  const lastMs = clock.monotonicMs() + timeoutMs;
  await context.terminal.during(`waiting for ${replicas} pods of ${key.name}`, async () => {
    while ((await readScale(kind, key, context)).status?.replicas !== replicas) {
      const leftMs = lastMs - clock.monotonicMs();
      if (leftMs <= 0) throw new UsageError(`timed out waiting for "${key.name}" to be synced`);
      await clock.sleep(Math.min(leftMs, lookEveryMs), context.signal);
    }
  });
}

async function readScale(kind: ResourceKind, key: ObjectKey, context: CommandContext): Promise<Scale> {
  const { rest } = await context.session();
  return await rest.json<Scale>({ path: resourcePath(kind, { ...key, subresource: 'scale' }), signal: context.signal });
}

function parseCount(text: string, flag: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`invalid argument "${text}" for "${flag}" flag: invalid syntax`);
  return Number(text);
}
