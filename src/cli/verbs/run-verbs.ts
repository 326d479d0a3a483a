/** `run`: a container on the device as if it ran here. */
import type { Command } from 'commander';
import { examples, type ProgramDeps, repeatable } from '../program-options.ts';
import type { RunFlags } from '../run/run-flags.ts';

const yes = (text: string): boolean => text !== 'false';

/** Adds the verb to `program`. */
export function addRunVerbs(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('run')
    .description('run a container on the device and be with it: output, input, signals and exit code')
    .argument('<image>', 'its image; a short name means the one of docker.io')
    .argument('[command...]', 'after --: the command and its arguments, instead of those of the image')
    .option('-i, --stdin', 'pass our stdin to it')
    .option('-t, --tty', 'give it a terminal')
    .option('-d, --detach', 'leave it as soon as it runs')
    .option('--rm [yes]', 'remove the pod when it ends; so by default, but not with -d or --restart', yes)
    .option('--name <name>', 'name of the pod (default: that of the image and five letters)')
    .addOption(repeatable('-l, --label <key=value>', 'label of the pod'))
    .addOption(repeatable('-e, --env <name=value>', 'variable; NAME alone takes the value that it has here'))
    .addOption(repeatable('--env-file <file>', 'file of variables, one a line'))
    .addOption(repeatable('--bind <src:dst[:opts]>', 'path of the device in the container, for example /data:/data:ro'))
    .addOption(repeatable('--mount <fields>', 'type=bind|tmpfs,source=…,destination=…,options=ro:rslave'))
    .option('-w, --workdir <path>', 'directory in which it starts')
    .option('--entrypoint <program>', "program to run instead of the image's")
    .option('-u, --user <uid[:gid]>', 'user and group, as numbers')
    .option('--hostname <name>', 'host name of the pod (default: its name)')
    .addOption(
      repeatable(
        '--device <name>',
        'device that eliotd offers, for example serial or /dev/ttyUSB0; any with --privileged',
      ),
    )
    .option('--privileged', 'with every right on the device')
    .addOption(repeatable('--cap-add <name>', 'capability to add, for example NET_ADMIN'))
    .addOption(repeatable('--cap-drop <name>', 'capability to drop; ALL for all'))
    .option('--read-only', 'its root file system can only be read')
    .option('--init', 'with a first process that takes signals and ended processes for it')
    .option('--cpus <count>', 'most CPUs it may use, for example 0.5')
    .option('-m, --memory <size>', 'most memory it may use, for example 64m')
    .addOption(repeatable('--limit <name=quantity>', 'most of any other resource'))
    .addOption(
      repeatable('-p, --port <[[ip:]port:]port[/udp]>', 'port of the device that leads to one of the container'),
    )
    .option('--network <name>', 'host: the network of the device itself')
    .option('--image-pull <policy>', 'always, missing or never (default: as Kubernetes, by the tag)')
    .option('--restart <policy>', 'no (the default), on-failure or always')
    .option('--stop-timeout <seconds>', 'time that it has to end by itself when it is deleted (default: 10)')
    .option('--lease <duration>', 'how long the pod stays when this machine vanishes (default: 30s)')
    .option('--detach-keys <keys>', 'keys that leave a terminal (default: ctrl-p,ctrl-q)')
    .option('--sig-proxy [yes]', 'pass signals to it (the default)', yes)
    .option('--dry-run [mode]', '"client" only says what it would do, "server" also checks it on the device')
    .addHelpText(
      'after',
      examples(
        'eli run busybox -- echo hello                 removed when it has ended',
        'eli run -it --bind /data:/data debian -- bash',
        'eli run -d --name web -p 8080:80 nginx         stays: "eli logs web", "eli delete pod web"',
        'eli run --device serial -e PORT=/dev/ttyUSB0 meter:1',
        'echo 1+1 | eli run -i --cpus 0.5 --memory 64m python -- python3 -i',
      ),
    )
    .action((image: string, command: string[], flags: RunFlags) =>
      run(async () => (await import('../commands/run.ts')).runRun(image, command, flags, context)),
    );
}
