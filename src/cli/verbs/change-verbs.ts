/** `edit`, `patch`, `replace`, `set …`, `cordon`, `uncordon`, `drain`: verbs that change what is written in objects. */
import type { Command } from 'commander';
import type { CordonFlags } from '../commands/cordon.ts';
import type { DrainFlags } from '../commands/drain.ts';
import type { EditFlags } from '../commands/edit.ts';
import type { PatchFlags } from '../commands/patch.ts';
import type { ReplaceFlags } from '../commands/replace.ts';
import type { SetEnvFlags } from '../commands/set-env.ts';
import type { SetImageFlags } from '../commands/set-image.ts';
import { dryRunOption, examples, type ProgramDeps, repeatable } from '../program-options.ts';

const filename = () =>
  repeatable('-f, --filename <file>', 'file, directory, URL, or - for stdin; may be given several times');
const recursive = ['-R, --recursive', 'also the directories inside a directory'] as const;
const selector = ['-l, --selector <labels>', 'those with these labels'] as const;

/** Adds the verbs to `program`. */
export function addChangeVerbs(program: Command, deps: ProgramDeps): void {
  addEdit(program, deps);
  addPatch(program, deps);
  addReplace(program, deps);
  const set = program.command('set').description('change one thing of resources');
  addSetImage(set, deps);
  addSetEnv(set, deps);
  addCordon(program, deps, 'cordon', 'take no more pods on the device; those there are stay');
  addCordon(program, deps, 'uncordon', 'take pods on the device again');
  addDrain(program, deps);
}

function addEdit(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('edit')
    .description('change resources in your editor (KUBE_EDITOR, else EDITOR, else vi)')
    .argument('[resource...]', 'TYPE NAME…, TYPE/NAME… or TYPE for all in the namespace; -o yaml (default) or json')
    .addOption(filename())
    .option(...recursive)
    .option(...selector)
    .option('--output-patch', 'show each patch that is sent')
    .option('--field-manager <name>', 'who owns the field afterwards (default: eli-edit)')
    .addHelpText(
      'after',
      examples('eli edit pod web', 'KUBE_EDITOR=nano eli edit deploy/web', 'eli edit configmap/web -o json'),
    )
    .action((args: string[], flags: EditFlags) =>
      run(async () => (await import('../commands/edit.ts')).runEdit(args, flags, context)),
    );
}

function addSetEnv(set: Command, { context, run }: ProgramDeps): void {
  set
    .command('env')
    .description('change or list the environment variables of containers')
    .argument(
      '[resource...]',
      'TYPE NAME…, TYPE/NAME… or TYPE with -l or --all; then NAME=VALUE …, NAME- to remove, - for stdin',
    )
    .addOption(filename())
    .option(...recursive)
    .option(...selector)
    .option('--all', 'all of the type, in the namespace')
    .addOption(repeatable('-e, --env <name=value>', 'a variable; may be given several times'))
    .option('-c, --containers <name>', 'only containers of this name, * for any characters (default: all)')
    .option('--from <source>', 'configmap/NAME or secret/NAME: a variable for each of its keys')
    .addOption(repeatable('--keys <names>', 'with --from: only these keys'))
    .option('--prefix <text>', 'with --from: before each name')
    .option('--list', 'show the variables, and change nothing')
    .option('--overwrite [yes]', 'false: a variable that is there is a failure')
    .option('--field-manager <name>', 'who owns the field afterwards (default: eli-set)')
    .option(...dryRunOption)
    .addHelpText(
      'after',
      examples(
        'eli set env deploy/web COLOUR=red OLD-',
        'eli set env deploy/web --list',
        'eli set env deploy/web --from=secret/db --prefix=DB_',
      ),
    )
    .action((args: string[], flags: SetEnvFlags) =>
      run(async () => (await import('../commands/set-env.ts')).runSetEnv(args, flags, context)),
    );
}

function addSetImage(set: Command, { context, run }: ProgramDeps): void {
  set
    .command('image')
    .description('give containers other images')
    .argument(
      '[resource...]',
      'TYPE NAME…, TYPE/NAME… or TYPE with -l or --all; then CONTAINER=IMAGE …, * for every one',
    )
    .addOption(filename())
    .option(...recursive)
    .option(...selector)
    .option('--all', 'all of the type, in the namespace')
    .option('--field-manager <name>', 'who owns the field afterwards (default: eli-set)')
    .option(...dryRunOption)
    .addHelpText('after', examples('eli set image deploy/web main=web:2', "eli set image deploy --all '*=web:2'"))
    .action((args: string[], flags: SetImageFlags) =>
      run(async () => (await import('../commands/set-image.ts')).runSetImage(args, flags, context)),
    );
}

function addCordon(
  program: Command,
  { context, run }: ProgramDeps,
  verb: 'cordon' | 'uncordon',
  description: string,
): void {
  program
    .command(verb)
    .description(description)
    .argument('[node...]', 'name of the node')
    .option(...selector)
    .option(...dryRunOption)
    .addHelpText('after', examples(`eli ${verb} device`))
    .action((names: string[], flags: CordonFlags) =>
      run(async () => (await import('../commands/cordon.ts')).runCordon(verb, names, flags, context)),
    );
}

function addDrain(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('drain')
    .description('take all pods off the device and no more on it, for example before it is repaired')
    .argument('[node...]', 'name of the node')
    .option(...selector)
    .option('--pod-selector <labels>', 'only pods with these labels')
    .option('--force', 'also pods that nothing makes again')
    .option('--delete-emptydir-data', 'also pods whose files in an emptyDir are lost')
    .option('--ignore-daemonsets', 'leave the pods of DaemonSets')
    .option('--grace-period <seconds>', 'time that each pod has to end by itself')
    .option('--timeout <duration>', 'longest wait, for example 2m; 0 (the default) for as long as it takes')
    .option('--disable-eviction', 'delete them, whatever disruption budgets say')
    .option(...dryRunOption)
    .addHelpText('after', examples('eli drain device', 'eli drain device --force --delete-emptydir-data --timeout=2m'))
    .action((names: string[], flags: DrainFlags) =>
      run(async () => (await import('../commands/drain.ts')).runDrain(names, flags, context)),
    );
}

function addPatch(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('patch')
    .description('change a few fields of resources')
    .argument('[resource...]', 'TYPE NAME… or TYPE/NAME…')
    .addOption(filename())
    .option(...recursive)
    .option('-p, --patch <patch>', 'what to change, as JSON or YAML')
    .option('--patch-file <file>', 'the same from a file')
    .option('--type <type>', 'strategic (default), merge or json')
    .option('--subresource <name>', 'of the resource: status or scale')
    .option('--field-manager <name>', 'who owns the fields afterwards (default: eli-patch)')
    .option(...dryRunOption)
    .addHelpText(
      'after',
      examples(
        `eli patch deploy web -p '{"spec":{"replicas":2}}'`,
        `eli patch cm/web --type=json -p '[{"op":"remove","path":"/data/old"}]'`,
      ),
    )
    .action((args: string[], flags: PatchFlags) =>
      run(async () => (await import('../commands/patch.ts')).runPatch(args, flags, context)),
    );
}

function addReplace(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('replace')
    .description('make resources that exist what the manifests say, and nothing of what they were')
    .addOption(filename())
    .option(...recursive)
    .option('--field-manager <name>', 'who owns the fields afterwards (default: eli-replace)')
    .option(...dryRunOption)
    .addHelpText(
      'after',
      examples('eli replace -f pod.yaml', 'eli get cm web -o yaml | sed s/red/blue/ | eli replace -f -'),
    )
    .action((flags: ReplaceFlags) =>
      run(async () => (await import('../commands/replace.ts')).runReplace(flags, context)),
    );
}
