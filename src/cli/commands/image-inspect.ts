/** `eli image inspect`: everything that the device knows of an image. */
import type { CommandContext } from '../context.ts';
import { findImages, listImages } from '../images/image-objects.ts';
import { createObjectPrinter } from '../printers/object-printer.ts';
import { parseOutputFormat } from '../printers/output-format.ts';

/** Prints one Image object, or a list of several; JSON unless `-o` says otherwise. */
export async function runImageInspect(names: readonly string[], context: CommandContext): Promise<number> {
  const allowed = ['json', 'yaml', 'jsonpath', 'name', 'custom-columns'] as const;
  const format = parseOutputFormat(context.flags.output ?? 'json', allowed);
  if (format.kind === 'table') throw new Error('unreachable');
  const all = await listImages(context);
  const images = [...new Set(names.flatMap((name) => findImages(name, all)))];
  const [only] = images;
  const print = createObjectPrinter({ format, noHeaders: false, showManagedFields: false });
  const value =
    images.length === 1 && only !== undefined ? only : { apiVersion: 'v1', kind: 'List', metadata: {}, items: images };
  await context.print(await print(value));
  return 0;
}
