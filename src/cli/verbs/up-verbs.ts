/** `up`: develop a project on the device. */
import type { Command } from 'commander';
import { dryRunOption, examples, type ProgramDeps, repeatable } from '../program-options.ts';
import type { UpFlags } from '../up/up-flags.ts';

/** Adds the verb to `program`. */
export function addUpVerbs(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('up')
    .description('run the project of this directory on the device, and let it follow each saved file')
    .argument('[command...]', 'after --: what to run, instead of what the project says')
    .option('--directory <directory>', 'directory of the project (default: this one)')
    .option('--image <image>', 'its image (default: what fits the project)')
    .option('--name <name>', 'name of the pod (default: that of the directory)')
    .addOption(repeatable('-e, --env <name=value>', 'variable; NAME alone takes the value that it has here'))
    .addOption(repeatable('--env-file <file>', 'file of variables, one a line'))
    .addOption(repeatable('--bind <src:dst[:opts]>', 'path of the device in the container, for example /data:/data:ro'))
    .addOption(repeatable('--mount <fields>', 'type=bind|tmpfs,source=…,destination=…,options=ro:rslave'))
    .option('-w, --workdir <directory>', 'directory in which it starts (default: where the files are)')
    .addOption(repeatable('--sync <src:dst>', 'directory here and where it is in the container (default: .:/volume)'))
    .addOption(
      repeatable('--ignore <pattern>', 'files that stay here, besides .gitignore, .dockerignore, .eliotignore'),
    )
    .addOption(repeatable('-p, --port <[local:]port>', 'port of the container that is forwarded to this machine'))
    .addOption(repeatable('--device <name>', 'device that eliotd offers, for example serial; any with --privileged'))
    .option('--privileged', 'with every right on the device')
    .option('--cpus <count>', 'most CPUs it may use, for example 0.5')
    .option('-m, --memory <size>', 'most memory it may use, for example 64m')
    .addOption(repeatable('--limit <name=quantity>', 'most of any other resource'))
    .option('--network <name>', 'host: the network of the device itself')
    .option('--image-pull <policy>', 'always, missing (the default) or never')
    .option('--on-change <action>', 'restart (the default), none, or a command that is run, for example "npm test"')
    .option('--two-way', 'bring files back that are made on the device')
    .option('--stop-timeout <seconds>', 'time that the program has to end by itself (default: 3)')
    .option('--lease <duration>', 'how long the pod stays when this machine vanishes (default: 60s)')
    .option('--keep', 'let the pod run on at the end')
    .option('--take-over', 'end the session of whoever works on the project on this device now')
    .option('--init', 'write .eliot.yml, which says all this for next time, and end')
    .option(...dryRunOption)
    .addHelpText(
      'after',
      examples(
        'eli up                                    what is found here, until Ctrl-C',
        'eli up -p 8080 --device serial',
        'eli up --on-change "npm test"',
        'eli up --image python:3.12 -- python3 -m http.server 8000',
        'eli up --init                             writes .eliot.yml',
      ),
    )
    .action((command: string[], flags: UpFlags) =>
      run(async () => (await import('../commands/up.ts')).runUp(command, flags, context)),
    );
}
