/** `completion`, and what its scripts ask. */
import type { Command } from 'commander';
import { examples, type ProgramDeps } from '../program-options.ts';

/** Adds the verbs to `program`. */
export function addCompletionVerbs(program: Command, { context, run, wholeProgram }: ProgramDeps): void {
  program
    .command('completion')
    .description('print the script that lets a shell complete command lines of eli')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      examples(
        'source <(eli completion bash)           in ~/.bashrc',
        'source <(eli completion zsh)            in ~/.zshrc, behind compinit',
        'eli completion fish | source            in ~/.config/fish/config.fish',
      ),
    )
    .action((shell: string) =>
      run(async () => (await import('../commands/completion.ts')).runCompletion(shell, context), 'NoDevice'),
    );
  program
    .command('__complete', { hidden: true })
    .argument('[word...]')
    .action((words: string[]) =>
      run(
        async () => (await import('../commands/complete.ts')).runComplete(wholeProgram(), words, context),
        'NoDevice',
      ),
    );
}
