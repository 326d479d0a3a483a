/** `eli image list`: what images the device has, and what wants them. */
import type { CommandContext } from '../context.ts';
import { findImages, listImages } from '../images/image-objects.ts';
import { imageTable } from '../images/image-table.ts';
import { createObjectPrinter } from '../printers/object-printer.ts';
import { parseOutputFormat } from '../printers/output-format.ts';
import { renderTable } from '../printers/table.ts';

export interface ImageListFlags {
  readonly headers?: boolean;
}

/** Prints all images, or those that are named. */
export async function runImageList(
  names: readonly string[],
  flags: ImageListFlags,
  context: CommandContext,
): Promise<number> {
  const format = parseOutputFormat(context.flags.output);
  const all = await listImages(context);
  const images = names.length === 0 ? all : [...new Set(names.flatMap((name) => findImages(name, all)))];
  const noHeaders = flags.headers === false;
  if (format.kind === 'table') {
    const options = { wide: format.wide, noHeaders, withNamespace: false, showLabels: false, labelColumns: [] };
    if (images.length === 0) context.note('No images found');
    await context.print(renderTable(imageTable(images, format.wide), options));
    return 0;
  }
  const print = createObjectPrinter({ format, noHeaders, showManagedFields: false });
  await context.print(await print({ apiVersion: 'v1', kind: 'List', metadata: {}, items: images }));
  return 0;
}
