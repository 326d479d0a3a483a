/** `get`, `describe`, `version`: verbs that change nothing. */
import type { Command } from 'commander';
import type { DescribeFlags } from '../commands/describe.ts';
import type { GetFlags } from '../commands/get.ts';
import type { VersionFlags } from '../commands/version.ts';
import { examples, type ProgramDeps, repeatable } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addReadVerbs(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('get')
    .description('show resources')
    .argument('[resource...]', 'TYPE [NAME…], TYPE,TYPE or TYPE/NAME…')
    .option('-w, --watch', 'then show every change until Ctrl-C')
    .option('--watch-only', 'show only what changes from now on')
    .option('-A, --all-namespaces', 'in every namespace')
    .option('-l, --selector <labels>', 'only those with these labels, for example app=web,tier!=db')
    .option('--field-selector <fields>', 'only those with these fields, for example status.phase=Running')
    .option('--no-headers', 'leave out the line of headings')
    .option('--show-labels', 'add a column with all labels')
    .addOption(repeatable('-L, --label-columns <keys>', 'add a column for these labels'))
    .option('--show-kind', 'with the kind before each name')
    .option('--sort-by <path>', 'in the order of this field, for example .metadata.creationTimestamp')
    .option('--chunk-size <count>', 'ask for so many at a time (default: 500; 0: all at once)')
    .option('--ignore-not-found', 'a missing name is no failure')
    .option('--show-managed-fields', 'keep metadata.managedFields in json and yaml')
    .option('--raw <path>', 'the answer of this path of the API, as it comes')
    .addHelpText(
      'after',
      examples(
        'eli get pods                      all pods of the namespace',
        'eli get pods -A -o wide           of every namespace, with more columns',
        'eli get pod web -o yaml           one as YAML',
        'eli get pods -l app=web -w        follow some of them',
        "eli get pods -o jsonpath='{.items[*].metadata.name}'",
        'eli get pods,nodes                several kinds',
        'eli get events --sort-by=.lastTimestamp',
        'eli get nodes                     the devices: paired ones, and what answers on the network',
        'eli get pods --all-nodes          of every paired device, with a column NODE',
      ),
    )
    .action((args: string[], flags: GetFlags) =>
      run(async () => (await import('../commands/get.ts')).runGet(args, flags, context), 'SeveralTogether'),
    );

  program
    .command('describe')
    .description('tell the story of resources, with their events')
    .argument('[resource...]', 'TYPE [NAME…] or TYPE/NAME…')
    .option('-A, --all-namespaces', 'in every namespace')
    .option('-l, --selector <labels>', 'only those with these labels')
    .option('--no-show-events', 'leave out the events')
    .option('--show-events [yes]', 'tell the events (the default)', (text) => text !== 'false')
    .addHelpText('after', examples('eli describe pod web', 'eli describe node', 'eli describe pods -l app=web'))
    .action((args: string[], flags: DescribeFlags) =>
      run(async () => (await import('../commands/describe.ts')).runDescribe(args, flags, context), 'SeveralTogether'),
    );

  program
    .command('version')
    .description('show the versions of eli and of the device')
    .option('--client', 'only that of eli; needs no device')
    .addHelpText('after', examples('eli version', 'eli version --client -o json'))
    .action((flags: VersionFlags) =>
      run(async () => (await import('../commands/version.ts')).runVersion(flags, context), 'SeveralTogether'),
    );
}
