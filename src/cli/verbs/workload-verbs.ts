/** `scale`, `wait`: verbs about how many there are and whether they are there. */
import type { Command } from 'commander';
import type { ScaleFlags } from '../commands/scale.ts';
import type { WaitFlags } from '../commands/wait.ts';
import { dryRunOption, examples, type ProgramDeps, repeatable } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addWorkloadVerbs(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('scale')
    .description('say how many pods a Deployment or ReplicaSet keeps')
    .argument('[resource...]', 'TYPE NAME…, TYPE/NAME… or TYPE with -l or --all')
    .option('--replicas <count>', 'so many pods')
    .option('--current-replicas <count>', 'only if there are to be so many now')
    .option('--resource-version <version>', 'only if the object is still of this version')
    .option('--timeout <duration>', 'wait so long until as many pods are there; by default it does not wait')
    .addOption(repeatable('-f, --filename <file>', 'file, directory, URL, or - for stdin; may be given several times'))
    .option('-R, --recursive', 'also the directories inside a directory')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--all', 'all of the type, in the namespace')
    .option(...dryRunOption)
    .addHelpText(
      'after',
      examples('eli scale deployment web --replicas=2', 'eli scale deploy/web --current-replicas=2 --replicas=0'),
    )
    .action((args: string[], flags: ScaleFlags) =>
      run(async () => (await import('../commands/scale.ts')).runScale(args, flags, context), 'SeveralByLine'),
    );

  program
    .command('wait')
    .description('wait until resources are made, gone, or as they shall be')
    .argument('[resource...]', 'TYPE NAME…, TYPE/NAME… or TYPE with -l or --all')
    .addOption(
      repeatable(
        '--for <condition>',
        "condition=NAME[=VALUE], jsonpath='{.PATH}'[=VALUE], create or delete; one after the other when given several times",
      ),
    )
    .option('--timeout <duration>', 'longest wait, 30s by default; 0 looks once, a negative one waits a week')
    .addOption(repeatable('-f, --filename <file>', 'file, directory, URL, or - for stdin; may be given several times'))
    .option('-R, --recursive', 'also the directories inside a directory')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--field-selector <fields>', 'those with these fields')
    .option('--all', 'all of the type, in the namespace')
    .option('-A, --all-namespaces', 'with --all or a selector: in every namespace')
    .addHelpText(
      'after',
      examples(
        'eli wait --for=condition=Ready pod/web',
        "eli wait --for=jsonpath='{.status.phase}'=Running pod/web --timeout=1m",
        'eli wait --for=delete pod -l app=web',
      ),
    )
    .action((args: string[], flags: WaitFlags) =>
      run(async () => (await import('../commands/wait.ts')).runWait(args, flags, context), 'SeveralByLine'),
    );
}
