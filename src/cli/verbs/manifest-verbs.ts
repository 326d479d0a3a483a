/** `apply`, `create`, `delete`: verbs that change what the device should run. */
import type { Command } from 'commander';
import type { ApplyFlags } from '../commands/apply.ts';
import type { CreateFlags } from '../commands/create.ts';
import type { DeleteFlags } from '../commands/delete.ts';
import { examples, type ProgramDeps, repeatable } from '../program-options.ts';

const dryRun = [
  '--dry-run [mode]',
  '"client" only says what it would do, "server" also checks it on the device',
] as const;
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
    .option(...dryRun)
    .option('--server-side', 'let the device merge, and remember who owns which field')
    .option('--force-conflicts', 'with --server-side: take fields that others own')
    .addHelpText(
      'after',
      examples('eli apply -f pod.yaml', 'eli apply -f manifests/ --dry-run=server', 'cat pod.yaml | eli apply -f -'),
    )
    .action((flags: ApplyFlags) => run(async () => (await import('../commands/apply.ts')).runApply(flags, context)));

  program
    .command('create')
    .description('create resources; those that exist are a failure')
    .addOption(repeatable(filename, filenameHelp))
    .option(...recursive)
    .option(...dryRun)
    .addHelpText('after', examples('eli create -f pod.yaml', 'eli create -f https://example.org/pod.yaml'))
    .action((flags: CreateFlags) => run(async () => (await import('../commands/create.ts')).runCreate(flags, context)));

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
    .option(...dryRun)
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
      run(async () => (await import('../commands/delete.ts')).runDelete(args, flags, context)),
    );
}
