/** `apply`, `delete`, `convert`: verbs that change what the device should run. */
import type { Command } from 'commander';
import type { ApplyFlags } from '../commands/apply.ts';
import type { DeleteFlags } from '../commands/delete.ts';
import type { ManifestFlags } from '../manifests/read-manifests.ts';
import { dryRunOption, examples, type ProgramDeps, repeatable } from '../program-options.ts';

const filename = '-f, --filename <file>';
const filenameHelp = 'file, directory, URL, or - for stdin; may be given several times';
const recursive = ['-R, --recursive', 'also the directories inside a directory'] as const;

/** Adds the verbs to `program`. */
export function addManifestVerbs(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('apply')
    .description('make resources as the manifests say: create them, or change what differs')
    .addOption(repeatable(filename, filenameHelp))
    .option(...recursive)
    .option(...dryRunOption)
    .option('--server-side', 'let the device merge, and remember who owns which field')
    .option('--force-conflicts', 'with --server-side: take fields that others own')
    .option('--push [archive]', 'first push the images that docker or podman has here, or those of an archive')
    .addHelpText(
      'after',
      examples(
        'eli apply -f pod.yaml',
        'eli apply -f manifests/ --dry-run=server',
        'eli apply -f pod.yaml --push',
        'cat pod.yaml | eli apply -f -',
      ),
    )
    .action((flags: ApplyFlags) =>
      run(async () => (await import('../commands/apply.ts')).runApply(flags, context), 'SeveralByLine'),
    );

  program
    .command('convert')
    .description("show manifests in today's form, those of the first Eliot translated; needs no device")
    .addOption(repeatable(filename, filenameHelp))
    .option(...recursive)
    .addHelpText('after', examples('eli convert -f old.yml > new.yaml', 'eli convert -f old.yml | eli apply -f -'))
    .action((flags: ManifestFlags) =>
      run(async () => (await import('../commands/convert.ts')).runConvert(flags, context), 'NoDevice'),
    );

  program
    .command('delete')
    .description('delete resources and wait until they are gone')
    .argument('[resource...]', 'TYPE NAME…, TYPE/NAME…, or TYPE with -l or --all')
    .addOption(repeatable(filename, filenameHelp))
    .option(...recursive)
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--field-selector <fields>', 'those with these fields')
    .option('--all', 'all of the type, in the namespace')
    .option('-A, --all-namespaces', 'with --all or a selector: in every namespace')
    .option('--grace-period <seconds>', 'time that a pod has to end by itself')
    .option('--now', 'end it within a second')
    .option('--force', 'forget it at once')
    .option('--no-wait', 'do not wait until it is gone')
    .option('--wait [yes]', 'wait until it is gone (the default)', (text) => text !== 'false')
    .option('--timeout <duration>', 'longest wait, for example 30s; 0 for as long as it takes')
    .option('--cascade <how>', 'what it owns: background, foreground or orphan')
    .option('--ignore-not-found', 'a missing name is no failure')
    .option(...dryRunOption)
    .addHelpText(
      'after',
      examples(
        'eli delete pod web',
        'eli delete -f pod.yaml',
        'eli delete pods -l app=web --now',
        'eli delete pods --all',
      ),
    )
    .action((args: string[], flags: DeleteFlags) =>
      run(async () => (await import('../commands/delete.ts')).runDelete(args, flags, context), 'SeveralByLine'),
    );
}
