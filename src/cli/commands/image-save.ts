/** `eli image save`: an image of the device as an archive, into a file that is whole or absent, or to stdout. */
import { dirname } from 'node:path';
import type { CommandContext } from '../context.ts';
import { findImages, listImages } from '../images/image-objects.ts';
import { receiveImage } from '../images/receive-image.ts';
import { UsageError } from '../usage-error.ts';

const fileMode = 0o644;

/** @param file undefined or `-` for stdout */
export async function runImageSave(name: string, file: string | undefined, context: CommandContext): Promise<number> {
  const path = file === '-' ? undefined : file;
  if (path === undefined && context.io.stdout.isTTY) {
    throw new UsageError(
      'refusing to write an image archive to the terminal',
      `name a file:  eli image save ${name} -o image.tar`,
    );
  }
  if (path !== undefined) await checkFile(path, context);
  const [image] = findImages(name, await listImages(context));
  if (image === undefined) throw new Error('unreachable');
  const text = `Saving ${image.spec.image}`;
  await context.terminal.during(text, async (activity) => {
    const pieces = receiveImage(image.metadata.name ?? '', text, activity, context);
    if (path !== undefined) await context.io.files.writeFile(path, pieces, fileMode);
    else for await (const piece of pieces) await context.print(piece);
  });
  if (path !== undefined) context.terminal.say('done', `${image.spec.image} saved to ${path}`);
  return 0;
}

/** What stands there is replaced as a whole, so it must be a file or nothing. */
async function checkFile(path: string, { io }: CommandContext): Promise<void> {
  const kind = await io.files.kindOf(path);
  if (kind !== 'file' && kind !== 'missing') {
    throw new UsageError(`cannot write to ${path}: it is ${kind === 'directory' ? 'a directory' : 'no regular file'}`);
  }
  if ((await io.files.kindOf(dirname(path))) !== 'directory') {
    throw new UsageError(`cannot write to ${path}: there is no directory ${dirname(path)}`);
  }
}
