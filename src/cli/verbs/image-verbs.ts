/** `image …`: verbs about the images on the device. */
import type { Command } from 'commander';
import type { ImageListFlags } from '../commands/image-list.ts';
import type { ImagePruneFlags } from '../commands/image-prune.ts';
import { examples, type ProgramDeps } from '../program-options.ts';

const images = ['<image...>', 'name, or the first digits of an id'] as const;

/** Adds the verbs to `program`. */
export function addImageVerbs(program: Command, deps: ProgramDeps): void {
  const image = program.command('image').description('work with the images on the device');
  addLooking(image, deps);
  addMoving(image, deps);
  addRemoving(image, deps);
}

function addLooking(image: Command, { context, run }: ProgramDeps): void {
  image
    .command('list')
    .alias('ls')
    .description('show what images there are, and what wants them')
    .argument('[image...]', images[1])
    .option('--no-headers', 'leave out the line of headings')
    .addHelpText('after', examples('eli image list', 'eli image ls -o wide', 'eli image ls busybox:1 -o yaml'))
    .action((names: string[], flags: ImageListFlags) =>
      run(async () => (await import('../commands/image-list.ts')).runImageList(names, flags, context)),
    );
  image
    .command('inspect')
    .description('show everything that is known of images, as JSON or with -o')
    .argument(...images)
    .addHelpText('after', examples('eli image inspect busybox:1', 'eli image inspect 3f5a9b2c -o yaml'))
    .action((names: string[]) =>
      run(async () => (await import('../commands/image-inspect.ts')).runImageInspect(names, context)),
    );
}

function addMoving(image: Command, { context, run }: ProgramDeps): void {
  image
    .command('load')
    .description('hand image archives to the device, with no registry in between')
    .argument('<archive...>', 'file made by "docker save", an OCI layout as directory or tar; - for stdin')
    .addHelpText('after', examples('eli image load web.tar', 'docker save web:1 | eli image load -'))
    .action((archives: string[]) =>
      run(async () => (await import('../commands/image-load.ts')).runImageLoad(archives, context)),
    );
  image
    .command('save')
    .description('write an image of the device as an archive that "image load" and docker load')
    .argument('<image>', images[1])
    .argument('[file]', 'where to; by default, and with -, stdout. -o FILE says the same')
    .addHelpText(
      'after',
      examples('eli image save web:1 -o web.tar', 'eli image save web:1 | eli --node other image load -'),
    )
    .action((name: string, file: string | undefined) =>
      run(async () =>
        // As in docker, -o is the file here.
        (await import('../commands/image-save.ts')).runImageSave(name, file ?? context.flags.output, context),
      ),
    );
  image
    .command('pull')
    .description('have the device fetch images from their registries, also when it has them')
    .argument('<image...>', 'name')
    .addHelpText('after', examples('eli image pull busybox:1.36', 'eli image pull registry.lan:5000/web:2'))
    .action((names: string[]) =>
      run(async () => (await import('../commands/image-pull.ts')).runImagePull(names, context)),
    );
}

function addRemoving(image: Command, { context, run }: ProgramDeps): void {
  image
    .command('remove')
    .alias('rm')
    .description('take images off the device, unless something wants them')
    .argument(...images)
    .addHelpText('after', examples('eli image remove web:1', 'eli image rm 3f5a9b2c'))
    .action((names: string[]) =>
      run(async () => (await import('../commands/image-remove.ts')).runImageRemove(names, context)),
    );
  image
    .command('prune')
    .description('take every image off the device that nothing wants')
    .option('-a, --all', 'also those that came from an archive, which no registry may have')
    .option('--dry-run', 'only say which')
    .addHelpText('after', examples('eli image prune --dry-run', 'eli image prune --all'))
    .action((flags: ImagePruneFlags) =>
      run(async () => (await import('../commands/image-prune.ts')).runImagePrune(flags, context)),
    );
}
