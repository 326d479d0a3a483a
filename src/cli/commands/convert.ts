/** `eli convert`: manifests in the form of today, those of the first Eliot translated. Needs no device. */
import type { CommandContext } from '../context.ts';
import { type ManifestFlags, readManifests } from '../manifests/read-manifests.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { toJson, toYaml } from '../printers/serialize.ts';

/** Prints every object of the manifests, as YAML unless `-o json` is given; resolves with the exit code. */
export async function runConvert(flags: ManifestFlags, context: CommandContext): Promise<number> {
  const format = parseOutputFormat(context.flags.output ?? 'yaml', ['json', 'yaml']);
  const manifests = await readManifests(flags, context, 'convert');
  const objects = manifests.map(({ object }) => object);
  if (format.kind === 'json') {
    const [only] = objects;
    const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items: objects };
    await context.print(toJson(objects.length === 1 ? only : list));
    return 0;
  }
  const documents: string[] = [];
  for (const object of objects) documents.push(await toYaml(object));
  await context.print(documents.join('---\n'));
  return 0;
}
