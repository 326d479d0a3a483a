/** `eli create pod`: a pod of nothing but images, as the first Eliot made them. */
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { CommandContext } from '../context.ts';
import { containerNamesOf } from '../pod-parts/names.ts';
import { builtinResource } from '../resources/builtin-resources.ts';
import { UsageError } from '../usage-error.ts';
import { createWritePrinter, inContext, parseDryRun } from './write-result.ts';

export interface CreatePodFlags {
  readonly image?: readonly string[];
  readonly dryRun?: string | boolean;
}

/** Creates the pod, with a container for each image; resolves with the exit code. */
export async function runCreatePod(
  name: string | undefined,
  { image: images = [], ...flags }: CreatePodFlags,
  context: CommandContext,
): Promise<number> {
  if (images.length === 0)
    throw new UsageError('required flag(s) "image" not set', 'for example: eli create pod --image nginx web');
  if (name === undefined)
    throw new UsageError('exactly one NAME is required, got 0', 'for example: eli create pod --image nginx web');
  const dryRun = parseDryRun(flags.dryRun);
  const print = createWritePrinter(context, dryRun);
  const names = containerNamesOf(images);
  const kind = builtinResource('pods');
  const { client, namespace } = await context.session();
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { containers: images.map((image, index) => ({ name: names[index], image })) },
  } as unknown as Pod;
  const options = { fieldManager: 'eli-create', dryRun: dryRun === 'server' };
  let created = pod;
  try {
    if (dryRun !== 'client') created = await client.create<Pod>(kind, pod, options);
  } catch (error) {
    throw inContext('failed to create pod', error, { placeOf: () => undefined });
  }
  await print(kind, created, 'created');
  context.hint(`its ${names.length === 1 ? 'container is' : 'containers are'} ${names.join(', ')}`);
  return 0;
}
