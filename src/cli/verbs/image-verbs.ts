/** `image …`: verbs about the images on the device. */
import type { Command } from 'commander';
import { examples, type ProgramDeps } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addImageVerbs(program: Command, { context, run }: ProgramDeps): void {
  const image = program.command('image').description('work with the images on the device');
  image
    .command('load')
    .description('hand image archives to the device, with no registry in between')
    .argument('<archive...>', 'file made by "docker save", an OCI layout as directory or tar; - for stdin')
    .addHelpText('after', examples('eli image load web.tar', 'docker save web:1 | eli image load -'))
    .action((archives: string[]) =>
      run(async () => (await import('../commands/image-load.ts')).runImageLoad(archives, context)),
    );
}
