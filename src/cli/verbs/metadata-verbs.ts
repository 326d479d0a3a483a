/** `label`, `annotate`: verbs that change what is written on objects. */
import type { Command } from 'commander';
import type { ChangeMetadataFlags } from '../commands/change-metadata.ts';
import type { MetadataField } from '../commands/metadata-change.ts';
import { dryRunOption, examples, type ProgramDeps, repeatable } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addMetadataVerbs(program: Command, deps: ProgramDeps): void {
  addVerb(program, deps, {
    verb: 'label',
    field: 'labels',
    one: 'label',
    lines: [
      'eli label pod web tier=front',
      'eli label --overwrite pods -l app=web tier=back',
      'eli label pod web tier-',
    ],
  });
  addVerb(program, deps, {
    verb: 'annotate',
    field: 'annotations',
    one: 'annotation',
    lines: ["eli annotate pod web note='on the roof'", 'eli annotate pod web note-', 'eli annotate pod web --list'],
  });
}

interface MetadataVerb {
  readonly verb: string;
  readonly field: MetadataField;
  readonly one: string;
  readonly lines: readonly string[];
}

function addVerb(program: Command, { context, run }: ProgramDeps, { verb, field, one, lines }: MetadataVerb): void {
  program
    .command(verb)
    .description(`set or remove ${field}`)
    .argument('[resource...]', 'TYPE NAME…, TYPE/NAME… or TYPE with -l or --all; then KEY=VALUE or KEY- …')
    .addOption(repeatable('-f, --filename <file>', 'file, directory, URL, or - for stdin; may be given several times'))
    .option('-R, --recursive', 'also the directories inside a directory')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--field-selector <fields>', 'those with these fields')
    .option('--all', 'all of the type, in the namespace')
    .option('-A, --all-namespaces', 'with --all or a selector: in every namespace')
    .option('--overwrite [yes]', `replace the value of ${one}s that are there`, (text) => text !== 'false')
    .option('--list', `show the ${field} and change nothing`)
    .option('--resource-version <version>', 'only if the object is still of this version')
    .option('--field-manager <name>', `who owns the field afterwards (default: eli-${verb})`)
    .option(...dryRunOption)
    .addHelpText('after', examples(...lines))
    .action((args: string[], flags: ChangeMetadataFlags) =>
      run(
        async () => (await import('../commands/change-metadata.ts')).runChangeMetadata(field, args, flags, context),
        'SeveralByLine',
      ),
    );
}
