/** `logs`, `exec`: verbs that reach into a running pod. */
import type { Command } from 'commander';
import type { ExecFlags } from '../commands/exec.ts';
import type { LogsFlags } from '../commands/logs.ts';
import { examples, type ProgramDeps } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addPodVerbs(program: Command, { context, run }: ProgramDeps): void {
  program
    .command('logs')
    .description('show what containers have printed')
    .argument('[pod]', 'POD or pod/POD')
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
      run(async () => (await import('../commands/logs.ts')).runLogs({ pod, container }, flags, context)),
    );

  program
    .command('exec')
    .description('run a command in a container; its exit code becomes that of eli')
    .argument('<pod>', 'POD or pod/POD')
    .argument('[command...]', 'after --: the command and its arguments, passed as they are')
    .option('-i, --stdin', 'pass our stdin to it')
    .option('-t, --tty', 'give it a terminal')
    .option('-c, --container <name>', 'in this container')
    .option('-q, --quiet', 'print only what the command prints')
    .addHelpText(
      'after',
      examples(
        'eli exec web -- ls -l /',
        'eli exec -it web -- sh                a shell in the container',
        'eli exec -i db -- psql < dump.sql     stdin, its end included',
      ),
    )
    .action((pod: string, command: string[], flags: ExecFlags) =>
      run(async () => (await import('../commands/exec.ts')).runExec(pod, command, flags, context)),
    );
}
