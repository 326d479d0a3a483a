/** `logs`, `exec`, `attach`, `port-forward`, `cp`: verbs that reach into a running pod. */
import type { Command } from 'commander';
import type { AttachFlags } from '../commands/attach.ts';
import type { CpFlags } from '../commands/cp.ts';
import type { ExecFlags } from '../commands/exec.ts';
import type { LogsFlags } from '../commands/logs.ts';
import type { PortForwardFlags } from '../commands/port-forward.ts';
import { examples, type ProgramDeps, repeatable } from '../program-options.ts';

const podRunningTimeout = [
  '--pod-running-timeout <duration>',
  'longest wait for the first pod of a Deployment (default: 1m; logs: 20s)',
] as const;

/** Adds the verbs to `program`. */
export function addPodVerbs(program: Command, deps: ProgramDeps): void {
  addLogs(program, deps);
  addExec(program, deps);
  addAttach(program, deps);
  addPortForward(program, deps);
  addCp(program, deps);
}

function addLogs(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('logs')
    .description('show what containers have printed')
    .argument('[pod]', 'POD, pod/POD or deploy/NAME')
    .argument('[container]')
    .option('-f, --follow', 'then show what comes, until the container ends')
    .option('-p, --previous', 'of the container that ran before the last restart')
    .option('-c, --container <name>', 'this container')
    .option('--all-containers', 'every container of the pod')
    .option('-l, --selector <labels>', 'of every pod with these labels')
    .option('--tail <lines>', 'only so many last lines (default: all; 10 with -l)')
    .option('--since <duration>', 'only what is younger, for example 5m')
    .option('--since-time <time>', 'only what came after this time (RFC 3339)')
    .option('--timestamps', 'with the time of each line')
    .option('--prefix', 'with the name of pod and container before each line')
    .option('--limit-bytes <bytes>', 'no more than so many bytes')
    .option(...podRunningTimeout)
    .addHelpText(
      'after',
      examples(
        'eli logs web',
        'eli logs -f --tail 20 web',
        'eli logs web -c sidecar --previous',
        'eli logs -l app=web --prefix',
      ),
    )
    .action((pod: string | undefined, container: string | undefined, flags: LogsFlags) =>
      run(
        async () => (await import('../commands/logs.ts')).runLogs({ pod, container }, flags, context),
        'SeveralByLine',
      ),
    );
}

function addExec(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('exec')
    .description('run a command in a container; its exit code becomes that of eli')
    .argument('<pod>', 'POD, pod/POD or deploy/NAME')
    .argument('[command...]', 'after --: the command and its arguments, passed as they are')
    .option('-i, --stdin', 'pass our stdin to it')
    .option('-t, --tty', 'give it a terminal')
    .option('-c, --container <name>', 'in this container')
    .option(...podRunningTimeout)
    .addHelpText(
      'after',
      examples(
        'eli exec web -- ls -l /',
        'eli exec -it web -- sh                a shell in the container',
        'eli exec -i db -- psql < dump.sql     stdin, its end included',
      ),
    )
    .action((pod: string, command: string[], flags: ExecFlags) =>
      run(async () => (await import('../commands/exec.ts')).runExec(pod, command, flags, context), 'SeveralByLine'),
    );
}

function addAttach(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('attach')
    .description("join the streams of a container's own process; it goes on when you leave")
    .argument('<pod>', 'POD, pod/POD or deploy/NAME')
    .option('-i, --stdin', 'pass our stdin to it')
    .option('-t, --tty', 'our stdin is a terminal')
    .option('-c, --container <name>', 'this container')
    .option('--detach-keys <keys>', 'with -i -t, keys that leave it running (default: ctrl-p,ctrl-q)')
    .option(...podRunningTimeout)
    .addHelpText(
      'after',
      examples(
        'eli attach web                          what it prints from now on; Ctrl-C leaves',
        'eli attach -it shell                    its terminal; Ctrl-P Ctrl-Q leaves it running',
        'eli attach -it shell --detach-keys=ctrl-a,d',
      ),
    )
    .action((pod: string, flags: AttachFlags) =>
      run(async () => (await import('../commands/attach.ts')).runAttach(pod, flags, context)),
    );
}

function addPortForward(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('port-forward')
    .description('make ports of a pod ports of this machine, until Ctrl-C')
    .argument('<pod>', 'POD, pod/POD or deploy/NAME')
    .argument('[port...]', '[LOCAL:]REMOTE; ":REMOTE" takes any local port that is free; REMOTE may be a name')
    .addOption(repeatable('--address <addresses>', 'listen here: IP addresses or localhost (the default)'))
    .option(...podRunningTimeout)
    .addHelpText(
      'after',
      examples(
        'eli port-forward web 8080:80',
        'eli port-forward deploy/web 5000 6000:http',
        'eli port-forward --address 0.0.0.0 pod/web :80',
      ),
    )
    .action((pod: string, ports: string[], flags: PortForwardFlags) =>
      run(async () => (await import('../commands/port-forward.ts')).runPortForward(pod, ports, flags, context)),
    );
}

function addCp(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('cp')
    .description('copy files and directories into a container and out of it')
    .argument('[path...]', 'from and to: a PATH here, or [NAMESPACE/]POD:PATH')
    .option('-c, --container <name>', 'this container')
    .option('--no-preserve', 'leave owners and permissions as new files have them')
    .option('--retries <count>', 'go on so often when the connection is lost; negative: always (default: 0)')
    .addHelpText(
      'after',
      examples(
        'eli cp notes.txt web:/tmp/notes.txt',
        'eli cp site/ web:/srv/www             into /srv/www/site, if /srv/www is there',
        'eli cp web:/var/log/app.log .',
        'eli cp other/db:/backup backup -c main --retries=5',
      ),
    )
    .action((paths: string[], flags: CpFlags) =>
      run(async () => (await import('../commands/cp.ts')).runCp(paths, flags, context)),
    );
}
