/** `scale`: verbs about what keeps pods. */
import type { Command } from 'commander';
import type { ScaleFlags } from '../commands/scale.ts';
import { examples, type ProgramDeps, repeatable } from '../program-options.ts';

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
    .option('--dry-run [mode]', '"client" only says what it would do, "server" also checks it on the device')
    .addHelpText(
      'after',
      examples('eli scale deployment web --replicas=2', 'eli scale deploy/web --current-replicas=2 --replicas=0'),
    )
    .action((args: string[], flags: ScaleFlags) =>
      run(async () => (await import('../commands/scale.ts')).runScale(args, flags, context)),
    );
}
