/** `push`: an image of this machine on a device. */
import type { Command } from 'commander';
import { examples, type ProgramDeps, repeatable } from '../program-options.ts';
import type { PushFlags } from '../push/push-flags.ts';

/** Adds the verb to `program`. */
export function addPushVerbs(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('push')
    .description('put an image of this machine on the device, with no registry; only what the device lacks is sent')
    .argument('<source>', 'name that docker or podman knows, an archive, an OCI layout as directory, or - for stdin')
    .argument('[name]', 'what it is called on the device; by default as here')
    .option('--from <engine>', 'docker or podman (default: whichever has it)')
    .option('--directory <dir>', 'make an image of the files of a directory; SOURCE is what it is called')
    .option('--base <source>', 'with --directory: what is below them, named as SOURCE else (default: nothing)')
    .option('--to <path>', 'with --directory: where the files are in the image (default: the --workdir, else /app)')
    .option('--workdir <path>', 'with --directory: where its program starts (default: where the files are)')
    .option('--entrypoint <words>', 'with --directory: its program, a line for the shell or a JSON list')
    .option('--cmd <words>', "with --directory: its program's arguments, or the program, in the same way")
    .addOption(repeatable('-e, --env <name=value>', 'with --directory: a variable of its environment'))
    .addHelpText(
      'after',
      examples(
        'eli push web:1',
        'eli --node kitchen,garage push web:1',
        'eli push web.tar',
        'eli push oci-layout/ web:1',
        'buildah push web:1 oci-archive:/dev/stdout | eli push - web:1',
        'eli push site:1 --directory ./site --base node:24 --cmd \'["node","server.js"]\'',
      ),
    )
    .action((meant: string, name: string | undefined, flags: PushFlags) =>
      run(async () => (await import('../commands/push.ts')).runPush(meant, name, flags, context), 'SeveralByLine'),
    );
}
