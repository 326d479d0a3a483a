/** `eli set image`: other images for the containers of pods and of what keeps pods. */
import type { KubeObject } from '../../api/meta.ts';
import { ServerStatusError } from '../../client/response-status.ts';
import type { CommandContext } from '../context.ts';
import { podSpecOf } from '../pod-parts/pod-template.ts';
import { UsageError } from '../usage-error.ts';
import { type SelectionFlags, selectedKey, selectObjects } from './select-objects.ts';
import { createWritePrinter, forEach, parseDryRun } from './write-result.ts';

export interface SetImageFlags extends SelectionFlags {
  readonly dryRun?: string | boolean;
  readonly fieldManager?: string;
}

interface NamedImage {
  readonly name: string;
  readonly image?: string;
}

/** As much of a pod's spec as it is about. */
interface Containers {
  readonly containers?: readonly NamedImage[];
  readonly initContainers?: readonly NamedImage[];
}

/** Stands for every container. */
const all = '*';

/** Changes what arguments or manifests name; resolves with the exit code. */
export async function runSetImage(
  args: readonly string[],
  flags: SetImageFlags,
  context: CommandContext,
): Promise<number> {
  const { resources, images } = splitImages(args);
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  const selected = await selectObjects(resources, flags, 'set image', context);
  const { client } = await context.session();
  return await forEach(selected, context, async (one) => {
    const { kind } = one;
    const object = await client.get<KubeObject>(kind, selectedKey(one), context.signal);
    const isPod = object.kind === 'Pod';
    const spec = podSpecOf<Containers>(object, one);
    const missing = [...images.keys()].filter((name) => !hasContainer(spec, name));
    const changed = computeImages(spec, images);
    if (Object.keys(changed).length > 0) {
      const patch = { spec: isPod ? changed : { template: { spec: changed } } };
      const options = { fieldManager: flags.fieldManager ?? 'eli-set', dryRun: dryRun === 'server' };
      const patched =
        dryRun === 'client'
          ? object
          : await client.patch<KubeObject>(kind, selectedKey(one), 'strategic', patch, options).catch(failPatch);
      await print(kind, patched, 'image updated');
    }
    const [first] = missing;
    if (first !== undefined) {
      const names = namesOf(spec).join(', ');
      throw new UsageError(`unable to find container named "${first}"`, `its containers: ${names}`);
    }
  });
}

/** @throws UsageError when there is no image, or a resource comes after one */
function splitImages(args: readonly string[]): {
  readonly resources: readonly string[];
  readonly images: ReadonlyMap<string, string>;
} {
  const first = args.findIndex((arg) => arg.indexOf('=') > 0);
  const pairs = first < 0 ? [] : args.slice(first);
  if (pairs.length === 0) {
    throw new UsageError('at least one image update is required', 'for example: eli set image deploy/web main=web:2');
  }
  const late = pairs.find((arg) => arg.indexOf('=') <= 0);
  if (late !== undefined) throw new UsageError(`all resources must be specified before image changes: ${late}`);
  const images = pairs.map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return { resources: args.slice(0, first), images: new Map(images) };
}

function namesOf({ containers = [], initContainers = [] }: Containers): readonly string[] {
  return [...containers, ...initContainers].map(({ name }) => name);
}

function hasContainer(spec: Containers, name: string): boolean {
  return name === all || namesOf(spec).includes(name);
}

/** The containers whose image changes, as a strategic merge patch of the spec; empty when none does. */
export function computeImages(spec: Containers, images: ReadonlyMap<string, string>): Containers {
  const changedOf = (list: readonly NamedImage[] = []): readonly NamedImage[] =>
    list.flatMap((container) => {
      const image = images.get(container.name) ?? images.get(all);
      return image === undefined || image === container.image ? [] : [{ name: container.name, image }];
    });
  const containers = changedOf(spec.containers);
  const initContainers = changedOf(spec.initContainers);
  return {
    ...(containers.length === 0 ? {} : { containers }),
    ...(initContainers.length === 0 ? {} : { initContainers }),
  };
}

function failPatch(error: unknown): never {
  if (!(error instanceof ServerStatusError)) throw error;
  throw new UsageError(`failed to patch image update to pod template: ${error.message}`, undefined, { cause: error });
}
