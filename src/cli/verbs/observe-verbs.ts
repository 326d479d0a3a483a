/** `top`, `events`, `auth`, `api-resources`: verbs that tell what a device does, whom it lets do what, and what it knows. */
import type { Command } from 'commander';
import type { ApiResourcesFlags } from '../commands/api-resources.ts';
import type { CanIFlags } from '../commands/auth.ts';
import type { EventsFlags } from '../commands/events.ts';
import type { ExplainFlags } from '../commands/explain.ts';
import type { TopFlags } from '../commands/top.ts';
import { examples, type ProgramDeps, repeatable } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addObserveVerbs(program: Command, deps: ProgramDeps): void {
  addTopAndEvents(program, deps);
  addAuth(program, deps);
  addApiResources(program, deps);
  addExplain(program, deps);
}

function addTopAndEvents(program: Command, { context, run }: ProgramDeps): void {
  const top = program.command('top').description('show what pods and nodes use at present');
  top
    .command('pod')
    .aliases(['pods', 'po'])
    .description('show the CPU and memory that pods use')
    .argument('[pod]', 'this one; all of the namespace without')
    .option('-A, --all-namespaces', 'in every namespace')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--field-selector <fields>', 'those with these fields')
    .option('--containers', 'a line for each container')
    .option('--sort-by <what>', 'cpu or memory, the greatest first')
    .option('--sum', 'with the sum of all')
    .option('--no-headers', 'leave out the line of headings')
    .addHelpText('after', examples('eli top pod', 'eli top pod web --containers', 'eli top pod -A --sort-by=memory'))
    .action((pod: string | undefined, flags: TopFlags) =>
      run(async () => (await import('../commands/top.ts')).runTopPods(pod, flags, context), 'SeveralTogether'),
    );
  top
    .command('node')
    .aliases(['nodes', 'no'])
    .description('show the CPU and memory that the device uses')
    .argument('[node]', 'this one; all without')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--sort-by <what>', 'cpu or memory, the greatest first')
    .option('--show-capacity', 'as a share of all that the device has, not of what its pods may have')
    .option('--no-headers', 'leave out the line of headings')
    .addHelpText('after', examples('eli top node'))
    .action((node: string | undefined, flags: TopFlags) =>
      run(async () => (await import('../commands/top.ts')).runTopNodes(node, flags, context), 'SeveralTogether'),
    );

  program
    .command('events')
    .description('show what has happened, oldest first')
    .option('--for <object>', 'only about this one: TYPE/NAME')
    .addOption(repeatable('--types <types>', 'only Normal or only Warning ones'))
    .option('-w, --watch', 'then show each that comes, until Ctrl-C')
    .option('-A, --all-namespaces', 'in every namespace')
    .option('--no-headers', 'leave out the line of headings')
    .addHelpText('after', examples('eli events', 'eli events --for pod/web --watch', 'eli events -A --types=Warning'))
    .action((flags: EventsFlags) =>
      run(async () => (await import('../commands/events.ts')).runEvents(flags, context), 'SeveralTogether'),
    );
}

function addAuth(program: Command, { context, run }: ProgramDeps): void {
  const auth = program.command('auth').description('show who you are on the device, and what you may do');
  auth
    .command('whoami')
    .description('show the user and the groups that the device takes you for')
    .addHelpText('after', examples('eli auth whoami', 'eli auth whoami -o yaml'))
    .action(() => run(async () => (await import('../commands/auth.ts')).runWhoAmI(context)));
  auth
    .command('can-i')
    .description('say yes or no; the exit code is 0 or 1')
    .argument('[words...]', 'VERB TYPE, VERB TYPE/NAME or VERB /PATH')
    .option('-A, --all-namespaces', 'in every namespace')
    .option('--subresource <name>', 'of the resource, for example log')
    .addHelpText('after', examples('eli auth can-i delete pods', 'eli auth can-i get secrets -n kube-system'))
    .action((words: string[], flags: CanIFlags) =>
      run(async () => (await import('../commands/auth.ts')).runCanI(words, flags, context)),
    );
}

function addApiResources(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('api-resources')
    .description('show the kinds that the device serves')
    .option('--api-group <group>', 'only those of this group, for example apps')
    .option('--namespaced [yes]', 'only those that live in namespaces, or with =false those that do not')
    .addOption(repeatable('--verbs <verbs>', 'only those with all of these verbs, for example list,create'))
    .addOption(repeatable('--categories <names>', 'only those of these categories, for example all'))
    .option('--sort-by <what>', 'name or kind')
    .option('--no-headers', 'leave out the line of headings')
    .addHelpText('after', examples('eli api-resources', 'eli api-resources --namespaced=false -o name'))
    .action((flags: ApiResourcesFlags) =>
      run(async () => (await import('../commands/api-resources.ts')).runApiResources(flags, context)),
    );
}

function addExplain(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('explain')
    .description('tell what a kind and its fields mean')
    .argument('[resource...]', 'TYPE, or a field of it: pods.spec.containers')
    .option('--recursive', 'the fields of fields too')
    .option('--api-version <version>', 'of this group and version, for example apps/v1')
    .addHelpText(
      'after',
      examples('eli explain pods', 'eli explain pod.spec.containers.livenessProbe', 'eli explain deploy --recursive'),
    )
    .action((args: string[], flags: ExplainFlags) =>
      run(async () => (await import('../commands/explain.ts')).runExplain(args, flags, context)),
    );
}
