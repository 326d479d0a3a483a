/**
 * Manifests of the first Eliot, as objects of Kubernetes: the one place that knows their form. Pure.
 *
 * They have neither apiVersion nor kind. In a container `args` is the whole command, `env` is a list of `KEY=VALUE`, `mounts` are
 * written into the container, and `pipe` leads the output of one container into another. Everything else means what it
 * means in Kubernetes; what the first Eliot ignored silently (`resources`, for example) is passed on, and so obeyed or refused.
 */
import type { KubeObject } from '../../../api/meta.ts';
import { pipeAnnotationPrefix } from '../../../api/run-annotations.ts';
import { literal } from '../../pod-parts/literal.ts';
import { type MountSpec, mountOf, parseBind, volumesOf } from '../../pod-parts/mounts.ts';
import { UsageError } from '../../usage-error.ts';

/** A manifest in the new form, and what a person should know of how it came about. */
export interface Translated {
  readonly object: KubeObject;
  readonly notes: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Its namespace when a manifest said none. */
const originalNamespace = 'eliot';
const restartPolicies: Readonly<Record<string, string>> = { always: 'Always', onfailure: 'OnFailure', never: 'Never' };
/** Longest name of an annotation behind its domain. */
const maxAnnotationName = 63;

/** Whether a document is of that form. */
export function isOriginal(value: Fields): boolean {
  const { spec } = value;
  return value['apiVersion'] === undefined && value['kind'] === undefined && isFields(spec) && 'containers' in spec;
}

/**
 * The pod that the first Eliot would have made.
 *
 * @param place `FILE:LINE:COLUMN`, for complaints
 * @throws UsageError for what it could not have run either
 */
export function translateOriginal(value: Fields, place: string): Translated {
  const notes: string[] = [];
  const spec = value['spec'] as Fields;
  const containers = listOf(spec['containers'], `${place}: spec.containers`).map((container, index) => {
    const path = `${place}: spec.containers[${index}]`;
    if (!isFields(container)) throw new UsageError(`${path} is no map`);
    return translateContainer(container, path, notes);
  });
  if (containers.length === 0)
    throw new UsageError(`${place}: spec.containers is empty`, 'a pod has at least one container');
  const pipes = pipesOf(containers, place);
  const targets = new Set(Object.values(pipes));
  const { volumes, mounts } = volumesOf(containers.flatMap(({ mounted }) => mounted));
  let taken = 0;
  const { containers: _, restartPolicy, ...rest } = spec;
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadataOf(value, pipes, place, notes),
    spec: {
      ...rest,
      ...restartPolicyOf(restartPolicy, notes),
      ...(volumes.length === 0 ? {} : { volumes: [...listOf(rest['volumes'], place), ...volumes] }),
      containers: containers.map(({ container, mounted }) => {
        const own = mounts.slice(taken, taken + mounted.length);
        taken += mounted.length;
        return {
          ...(targets.has(String(container['name'])) ? withoutTerminal(container, notes) : container),
          ...(own.length === 0 ? {} : { volumeMounts: own }),
        };
      }),
    },
  };
  return { object: object as unknown as KubeObject, notes };
}

interface TranslatedContainer {
  readonly container: Fields;
  readonly mounted: readonly MountSpec[];
  /** Name of the container that reads its output. */
  readonly pipe: string | undefined;
}

function translateContainer(fields: Fields, path: string, notes: string[]): TranslatedContainer {
  const { args, env, mounts, binds, pipe, tty, ...rest } = fields;
  const command = listOf(args, `${path}.args`).map((arg) => literal(String(arg)));
  const mounted = [
    ...listOf(mounts, `${path}.mounts`).map((mount, index) => mountOf(mount as object, `${path}.mounts[${index}]`)),
    ...listOf(binds, `${path}.binds`).map((bind, index) => parseBind(String(bind), `${path}.binds[${index}]`)),
  ];
  return {
    container: {
      ...rest,
      ...(command.length === 0 ? {} : { command }),
      ...envOf(env, path, notes),
      // Whoever attached could type, also into one without a terminal; only with one it was of use.
      ...(tty === true ? { tty, stdin: true } : {}),
    },
    mounted,
    pipe: pipeOf(pipe, path),
  };
}

function envOf(env: unknown, path: string, notes: string[]): { readonly env?: readonly object[] } {
  const variables = listOf(env, `${path}.env`).flatMap((entry) => {
    // Written in the new form already.
    if (isFields(entry)) return [entry];
    const text = String(entry);
    const at = text.indexOf('=');
    if (at > 0) return [{ name: text.slice(0, at), value: literal(text.slice(at + 1)) }];
    if (at === 0 || text === '') throw new UsageError(`${path}.env: "${text}" has no name`, 'written as KEY=VALUE');
    notes.push(`${path}.env: "${text}" took a variable of the image away, which Kubernetes cannot; it is left out`);
    return [];
  });
  return variables.length === 0 ? {} : { env: variables };
}

function pipeOf(pipe: unknown, path: string): string | undefined {
  if (pipe === undefined || pipe === null) return undefined;
  const stdout = isFields(pipe) ? pipe['stdout'] : undefined;
  const stdin = isFields(stdout) ? stdout['stdin'] : undefined;
  const name = isFields(stdin) ? stdin['name'] : undefined;
  if (typeof name === 'string' && name !== '') return name;
  throw new UsageError(`${path}.pipe names no container`, 'written as pipe: {stdout: {stdin: {name: CONTAINER}}}');
}

/** By the container that writes, the one that reads. */
function pipesOf(containers: readonly TranslatedContainer[], place: string): Readonly<Record<string, string>> {
  const names = containers.map(({ container }) => String(container['name']));
  const pipes: Record<string, string> = {};
  for (const [index, { pipe }] of containers.entries()) {
    const name = names[index] ?? '';
    if (pipe === undefined) continue;
    if (!names.includes(pipe)) {
      throw new UsageError(
        `${place}: container "${name}" is to be piped into "${pipe}", which is no container of the pod`,
      );
    }
    if (`pipe.${name}`.length > maxAnnotationName) {
      throw new UsageError(`${place}: the name of container "${name}" is too long for a pipe`, 'at most 58 characters');
    }
    pipes[name] = pipe;
  }
  return pipes;
}

/** A terminal would echo, edit and interrupt: what a pipe feeds has none. */
function withoutTerminal({ tty, ...container }: Fields, notes: string[]): Fields {
  if (tty === true) notes.push(`container "${container['name']}" reads from a pipe, and so has no terminal`);
  return { ...container, stdin: true };
}

function metadataOf(value: Fields, pipes: Readonly<Record<string, string>>, place: string, notes: string[]): Fields {
  const given = value['metadata'] ?? { name: value['name'] };
  if (!isFields(given)) throw new UsageError(`${place}: metadata is no map`);
  if (!given['name']) throw new UsageError(`${place}: metadata.name is missing`, 'a pod of the first Eliot had a name');
  const { namespace, annotations, ...rest } = given;
  const pipeAnnotations = Object.entries(pipes).map(([name, target]) => [`${pipeAnnotationPrefix}${name}`, target]);
  const all = { ...(isFields(annotations) ? annotations : {}), ...Object.fromEntries(pipeAnnotations) };
  if (namespace === originalNamespace)
    notes.push(`namespace "${originalNamespace}", the usual one then, is "default" now`);
  return {
    ...rest,
    ...(namespace === undefined || namespace === originalNamespace ? {} : { namespace }),
    ...(Object.keys(all).length === 0 ? {} : { annotations: all }),
  };
}

function restartPolicyOf(policy: unknown, notes: string[]): { readonly restartPolicy?: string } {
  if (policy === undefined || policy === null || policy === '') return {};
  const known = restartPolicies[String(policy).toLowerCase()] ?? String(policy);
  if (known !== 'Always') notes.push(`restartPolicy ${known} was ignored by the first Eliot, and is obeyed now`);
  return { restartPolicy: known };
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new UsageError(`${path} is no list`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
