/** `rollout …`: verbs about the versions of a Deployment. */
import type { Command } from 'commander';
import type { RolloutChangeFlags, RolloutVerb } from '../commands/rollout-change.ts';
import type { RolloutHistoryFlags } from '../commands/rollout-history.ts';
import type { RolloutStatusFlags } from '../commands/rollout-status.ts';
import type { RolloutUndoFlags } from '../commands/rollout-undo.ts';
import { dryRunOption, examples, type ProgramDeps, repeatable } from '../program-options.ts';

const resources = ['[resource...]', 'TYPE NAME…, TYPE/NAME…, or TYPE for all in the namespace'] as const;
const filename = () =>
  repeatable('-f, --filename <file>', 'file, directory, URL, or - for stdin; may be given several times');

const changes: Readonly<Record<RolloutVerb, string>> = {
  restart: 'make new pods of the same version, a few at a time',
  pause: 'change no pods until it is resumed, whatever is written',
  resume: 'roll out what was written meanwhile',
};

/** Adds the verbs to `program`. */
export function addRolloutVerbs(program: Command, deps: ProgramDeps): void {
  const rollout = program.command('rollout').description('work with the versions of a Deployment');
  addStatus(rollout, deps);
  addHistory(rollout, deps);
  addUndo(rollout, deps);
  for (const [verb, description] of Object.entries(changes)) addChange(rollout, deps, verb as RolloutVerb, description);
}

function addStatus(rollout: Command, { context, run }: ProgramDeps): void {
  rollout
    .command('status')
    .description('show how far the new version has come, until it is there')
    .argument(...resources)
    .addOption(filename())
    .option('-R, --recursive', 'also the directories inside a directory')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('-w, --watch [yes]', 'wait until it is there (the default)', (text) => text !== 'false')
    .option('--timeout <duration>', 'longest wait, for example 30s; 0 for as long as it takes')
    .option('--revision <number>', 'only if it is this revision that rolls out')
    .addHelpText('after', examples('eli rollout status deployment/web', 'eli rollout status deploy/web --timeout=2m'))
    .action((args: string[], flags: RolloutStatusFlags) =>
      run(
        async () => (await import('../commands/rollout-status.ts')).runRolloutStatus(args, flags, context),
        'SeveralByLine',
      ),
    );
}

function addHistory(rollout: Command, { context, run }: ProgramDeps): void {
  rollout
    .command('history')
    .description('show the revisions that there are')
    .argument(...resources)
    .addOption(filename())
    .option('-R, --recursive', 'also the directories inside a directory')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--revision <number>', 'what the pods of this revision are')
    .addHelpText('after', examples('eli rollout history deployment/web', 'eli rollout history deploy/web --revision=3'))
    .action((args: string[], flags: RolloutHistoryFlags) =>
      run(
        async () => (await import('../commands/rollout-history.ts')).runRolloutHistory(args, flags, context),
        'SeveralByLine',
      ),
    );
}

function addUndo(rollout: Command, { context, run }: ProgramDeps): void {
  rollout
    .command('undo')
    .description('return to an earlier revision')
    .argument(...resources)
    .addOption(filename())
    .option('-R, --recursive', 'also the directories inside a directory')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--to-revision <number>', 'this one (default: the one before the present)')
    .option('--field-manager <name>', 'who owns the field afterwards (default: eli-rollout)')
    .option(...dryRunOption)
    .addHelpText('after', examples('eli rollout undo deployment/web', 'eli rollout undo deploy/web --to-revision=3'))
    .action((args: string[], flags: RolloutUndoFlags) =>
      run(
        async () => (await import('../commands/rollout-undo.ts')).runRolloutUndo(args, flags, context),
        'SeveralByLine',
      ),
    );
}

function addChange(rollout: Command, { context, run }: ProgramDeps, verb: RolloutVerb, description: string): void {
  rollout
    .command(verb)
    .description(description)
    .argument(...resources)
    .addOption(filename())
    .option('-R, --recursive', 'also the directories inside a directory')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--field-manager <name>', 'who owns the field afterwards (default: eli-rollout)')
    .addHelpText('after', examples(`eli rollout ${verb} deployment/web`, `eli rollout ${verb} deployment -l app=web`))
    .action((args: string[], flags: RolloutChangeFlags) =>
      run(
        async () => (await import('../commands/rollout-change.ts')).runRolloutChange(verb, args, flags, context),
        'SeveralByLine',
      ),
    );
}
