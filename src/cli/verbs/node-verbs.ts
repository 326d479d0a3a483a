/** `node …`: verbs about a device as a whole. */
import type { Command } from 'commander';
import type { NodeExportFlags } from '../commands/node-export.ts';
import type { NodeImportFlags } from '../commands/node-import.ts';
import { dryRunOption, examples, type ProgramDeps } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addNodeVerbs(program: Command, { context, run }: ProgramDeps): void {
  const node = program.command('node').description('rename a device, or move what it runs to another');

  node
    .command('rename')
    .description('call the device by another name, from its next start on')
    .argument('<name>', 'lower case letters, digits, "-" and "."')
    .addHelpText('after', examples('eli node rename kitchen', 'eli --node pi node rename kitchen'))
    .action((name: string) =>
      run(async () => (await import('../commands/node-rename.ts')).runNodeRename(name, context)),
    );

  node
    .command('export')
    .description('print what was wanted of the device as manifests, for "eli node import" on its replacement')
    .option('--with-secrets', 'Secrets too, readable by everybody who can read the file')
    .addHelpText(
      'after',
      examples(
        'eli --node old node export > kitchen.yaml',
        'eli node export --with-secrets | eli --node new node import -',
      ),
    )
    .action((flags: NodeExportFlags) =>
      run(async () => (await import('../commands/node-export.ts')).runNodeExport(flags, context)),
    );

  node
    .command('import')
    .description('make on the device what "eli node export" printed of another; may be repeated')
    .argument('<file>', 'file, or - for stdin')
    .option(...dryRunOption)
    .addHelpText(
      'after',
      examples('eli --node new node import kitchen.yaml', 'eli node import kitchen.yaml --dry-run=server'),
    )
    .action((file: string, flags: NodeImportFlags) =>
      run(async () => (await import('../commands/node-import.ts')).runNodeImport(file, flags, context)),
    );
}
