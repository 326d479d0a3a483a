/** `eli set env`: the variables of the containers of pods and of what keeps pods. */
import type { EnvVar } from '../../api/kinds/pod/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { configMaps, secrets } from '../../api/resources.ts';
import { findKindByName } from '../../api/scheme.ts';
import { ServerStatusError } from '../../client/response-status.ts';
import { threeWayPatch } from '../apply/three-way-patch.ts';
import type { CommandContext } from '../context.ts';
import { readStdin } from '../manifests/read-manifests.ts';
import {
  changeEnv,
  describeEnv,
  type EnvChanges,
  envNameOfKey,
  parseEnvChanges,
  readsEnvFromStdin,
  splitEnvChanges,
} from '../pod-parts/env-changes.ts';
import { podSpecOf, withPodSpec } from '../pod-parts/pod-template.ts';
import { UsageError } from '../usage-error.ts';
import { type Selected, type SelectionFlags, selectedKey, selectObjects } from './select-objects.ts';
import { createWritePrinter, forEach, type PrintWritten, parseDryRun } from './write-result.ts';

export interface SetEnvFlags extends SelectionFlags {
  readonly env?: readonly string[];
  readonly containers?: string;
  readonly from?: string;
  readonly keys?: readonly string[];
  readonly prefix?: string;
  readonly list?: boolean;
  /** `true` or `false`, as typed. */
  readonly overwrite?: string | boolean;
  readonly dryRun?: string | boolean;
  readonly fieldManager?: string;
}

interface Container {
  readonly name: string;
  readonly env?: readonly EnvVar[];
}

interface Containers {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

/** Changes or lists what arguments or manifests name; resolves with the exit code. */
export async function runSetEnv(args: readonly string[], flags: SetEnvFlags, context: CommandContext): Promise<number> {
  const { resources, changes } = splitEnvChanges(args);
  checkFlags(flags, context);
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  const told = [...changes, ...(flags.env ?? [])];
  const stdin = readsEnvFromStdin(told) ? await readStdin(context.io, context.signal) : '';
  const parsed = parseEnvChanges(told, stdin);
  const imported = flags.from === undefined ? [] : await variablesFrom(flags.from, flags, context);
  const wanted: EnvChanges = { ...parsed, set: [...parsed.set, ...imported] };
  if (!flags.list && wanted.set.length + wanted.remove.length === 0) {
    throw new UsageError(
      'at least one environment change is required',
      'for example: eli set env deploy/web COLOUR=red',
    );
  }
  const selected = await selectObjects(resources, flags, 'set env', context);
  const { client } = await context.session();
  return await forEach(selected, context, async (one) => {
    const object = await client.get<KubeObject>(one.kind, selectedKey(one), context.signal);
    const changed = computeEnv(object, one, wanted, flags);
    if (!changed.isMatching) {
      context.note(`Warning: ${one.kind.kind}/${one.name} does not have any containers matching "${flags.containers}"`);
    } else if (flags.list) {
      await list(changed.object, one, flags, context);
    } else {
      await send(object, changed.object, one, { ...flags, dryRun }, print, context);
    }
  });
}

function checkFlags({ list, keys, from }: SetEnvFlags, { flags }: CommandContext): void {
  if (list && flags.output !== undefined) throw new UsageError('--list and --output may not be specified together');
  if (keys !== undefined && from === undefined) {
    throw new UsageError('when specifying --keys, a configmap or secret must be provided with --from');
  }
}

/** A variable for each key of `configmap/NAME` or `secret/NAME`, which takes its value from there. */
async function variablesFrom(
  from: string,
  { keys, prefix = '' }: SetEnvFlags,
  context: CommandContext,
): Promise<readonly EnvVar[]> {
  const { client, resources, namespace } = await context.session();
  const [type = '', name = ''] = from.split('/');
  const { group, resource } = await resources.find(type);
  const source = [configMaps, secrets].find((known) => known.group === group && known.resource === resource);
  if (source === undefined || name === '') throw new UsageError('unsupported resource specified in --from');
  const { data = {} } = await client.get<KubeObject & { readonly data?: Readonly<Record<string, string>> }>(
    source,
    { namespace, name },
    context.signal,
  );
  const chosen = keys?.flatMap((names) => names.split(','));
  return Object.keys(data)
    .filter((key) => chosen === undefined || chosen.includes(key))
    .sort()
    .map((key) => {
      const variable = envNameOfKey(key);
      if (variable !== key) context.note(`Warning: key ${key} transferred to ${variable}`);
      const ref = { name, key };
      return {
        name: `${prefix}${variable}`,
        valueFrom: source === secrets ? { secretKeyRef: ref } : { configMapKeyRef: ref },
      };
    });
}

/** The object with its variables changed, and whether it has a container that is meant. */
function computeEnv(
  object: KubeObject,
  one: Selected,
  wanted: EnvChanges,
  flags: SetEnvFlags,
): { readonly object: KubeObject; readonly isMatching: boolean } {
  const spec = podSpecOf<Containers>(object, one);
  let isMatching = false;
  const changed = (containers: readonly Container[] = []): readonly Container[] =>
    containers.map((container) => {
      if (!isMeant(container, flags)) return container;
      isMatching = true;
      const { env = [] } = container;
      if (String(flags.overwrite ?? true) === 'false') refuseOverwriting(env, wanted, one);
      return { ...container, env: changeEnv(env, wanted) };
    });
  const { containers, initContainers } = spec;
  const podSpec = {
    ...spec,
    containers: changed(containers),
    ...(initContainers === undefined ? {} : { initContainers: changed(initContainers) }),
  };
  return { object: withPodSpec(object, podSpec), isMatching };
}

function refuseOverwriting(env: readonly EnvVar[], { set }: EnvChanges, { kind, name }: Selected): void {
  const there = env.find((variable) => set.some((newer) => newer.name === variable.name));
  if (there === undefined) return;
  throw new UsageError(
    `${kind.resource}/${name} '${there.name}' already has a value (${there.value ?? ''}), and --overwrite is false`,
  );
}

/** Names with `*` for any characters. */
function isMeant({ name }: Container, { containers = '*' }: SetEnvFlags): boolean {
  const literal = containers.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('*', '.*')}$`).test(name);
}

async function list(object: KubeObject, one: Selected, flags: SetEnvFlags, context: CommandContext): Promise<void> {
  const { containers = [], initContainers = [] } = podSpecOf<Containers>(object, one);
  const lines = [...containers, ...initContainers]
    .filter((container) => isMeant(container, flags))
    .flatMap(({ name, env = [] }) => [`# ${object.kind} ${one.name}, container ${name}`, ...env.map(describeEnv)]);
  await context.print(`${lines.join('\n')}\n`);
}

async function send(
  before: KubeObject,
  after: KubeObject,
  one: Selected,
  {
    dryRun,
    fieldManager = 'eli-set',
  }: { readonly dryRun: ReturnType<typeof parseDryRun>; readonly fieldManager?: string },
  print: PrintWritten,
  context: CommandContext,
): Promise<void> {
  const type = findKindByName(before.apiVersion, before.kind)?.fields;
  const patch = threeWayPatch(type, { original: before, modified: after, current: before });
  if (Object.keys(patch).length === 0) return;
  const { client } = await context.session();
  const options = { fieldManager, dryRun: dryRun === 'server' };
  const patched =
    dryRun === 'client'
      ? after
      : await client
          .patch<KubeObject>(one.kind, selectedKey(one), type === undefined ? 'merge' : 'strategic', patch, options)
          .catch(failPatch);
  await print(one.kind, patched, 'env updated');
}

function failPatch(error: unknown): never {
  if (!(error instanceof ServerStatusError)) throw error;
  throw new UsageError(`failed to patch env update to pod template: ${error.message}`, undefined, { cause: error });
}
