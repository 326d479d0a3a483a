/** `pair`, `config …`: verbs about the devices that this machine knows. */
import type { Command } from 'commander';
import type { ConfigKubeconfigFlags } from '../commands/config-kubeconfig.ts';
import type { ConfigViewFlags } from '../commands/config-view.ts';
import type { PairFlags } from '../commands/pair.ts';
import { examples, type ProgramDeps } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addDeviceVerbs(program: Command, deps: ProgramDeps): void {
  addPair(program, deps);
  const config = program.command('config').description('show and choose the devices that were paired');
  addView(config, deps);
  addKubeconfig(config, deps);
  addChanges(config, deps);
}

function addPair(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('pair')
    .description('make this machine known to a device, by the code that "eliotd pair" shows there')
    .argument('<device>', 'name or address: kitchen, 192.168.1.7, 192.168.1.7:6443')
    .argument('<code>', 'for example k7m4-x2qp')
    .option('--name <name>', 'how the device shall call you (default: USER@HOST)')
    .addHelpText('after', examples('eli pair kitchen k7m4-x2qp', 'eli pair 192.168.1.7 k7m4-x2qp --name anna'))
    .action((device: string, code: string, flags: PairFlags) =>
      run(async () => (await import('../commands/pair.ts')).runPair(device, code, flags, context), 'NoDevice'),
    );
}

function addView(config: Command, { context, run }: ProgramDeps): void {
  config
    .command('view')
    .description('show the paired devices and where they are')
    .option('--no-headers', 'leave out the line of headings')
    .option('--minify', 'only the one that is used')
    .option('--raw', 'with -o json or yaml: keys and certificates too')
    .addHelpText(
      'after',
      examples(
        'eli config view',
        'eli config view -o yaml      as a kubeconfig, without its secrets',
        'eli config view -o name',
      ),
    )
    .action((flags: ConfigViewFlags) =>
      run(async () => (await import('../commands/config-view.ts')).runConfigView(flags, context), 'NoDevice'),
    );
}

function addKubeconfig(config: Command, { context, run }: ProgramDeps): void {
  config
    .command('kubeconfig')
    .description('print a kubeconfig for kubectl, of one device or of all')
    .argument('[name]', 'of this device')
    .option('--merge', 'add it to the file that kubectl uses: the first of KUBECONFIG, else ~/.kube/config')
    .addHelpText(
      'after',
      examples(
        'eli config kubeconfig kitchen > kitchen.kubeconfig',
        'eli config kubeconfig --merge && kubectl --context kitchen get pods',
      ),
    )
    .action((name: string | undefined, flags: ConfigKubeconfigFlags) =>
      run(
        async () => (await import('../commands/config-kubeconfig.ts')).runConfigKubeconfig(name, flags, context),
        'NoDevice',
      ),
    );
}

function addChanges(config: Command, { context, run }: ProgramDeps): void {
  config
    .command('use')
    .alias('use-context')
    .description('choose the device that commands work on')
    .argument('<name>', 'one that "eli config view" shows')
    .addHelpText('after', examples('eli config use kitchen'))
    .action((name: string) =>
      run(async () => (await import('../commands/config-change.ts')).runConfigUse(name, context), 'NoDevice'),
    );

  config
    .command('set')
    .description('change what is known about the chosen device, or about the one that --context names')
    .argument('<property>', 'namespace: the one to work in; server: its address, https://HOST:PORT')
    .argument('<value>')
    .addHelpText(
      'after',
      examples('eli config set namespace sensors', 'eli config set server https://192.168.1.7:6443 --context kitchen'),
    )
    .action((property: string, value: string) =>
      run(
        async () => (await import('../commands/config-change.ts')).runConfigSet(property, value, context),
        'NoDevice',
      ),
    );

  config
    .command('rename-context')
    .description('call a device otherwise; the device itself does not learn of it')
    .argument('<name>', 'one that "eli config view" shows')
    .argument('<new-name>')
    .addHelpText('after', examples('eli config rename-context kitchen-2 kitchen'))
    .action((name: string, as: string) =>
      run(async () => (await import('../commands/config-change.ts')).runConfigRename(name, as, context), 'NoDevice'),
    );

  config
    .command('delete-context')
    .description('forget a device; the device goes on knowing you until "eli delete client"')
    .argument('<name>', 'one that "eli config view" shows')
    .addHelpText('after', examples('eli config delete-context kitchen'))
    .action((name: string) =>
      run(async () => (await import('../commands/config-change.ts')).runConfigDelete(name, context), 'NoDevice'),
    );
}
