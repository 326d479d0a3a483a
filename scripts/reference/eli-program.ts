/** The command line as the tree that parses it: what the reference and the manual page are made from. */
import type { Command } from 'commander';
import { CommandContext } from '../../src/cli/context.ts';
import type { CliIo } from '../../src/cli/io.ts';
import { createProgram } from '../../src/cli/program.ts';

/** The tree with nothing behind it: asking for help runs no verb. */
export function declaredProgram(): Command {
  const io = {} as CliIo;
  return createProgram([], {
    context: new CommandContext(io, new AbortController().signal),
    run: async () => {},
    write: () => {},
    writeError: () => {},
  });
}

/**
 * Verbs that do something, in the order of the help; `image` alone does nothing, `image load` does. One that has both flags and
 * verbs of its own, as `create`, does something too. Hidden ones are nobody's business.
 */
export function leavesOf(command: Command): Command[] {
  const visible = new Set(command.createHelp().visibleCommands(command));
  return command.commands
    .filter((child) => visible.has(child))
    .flatMap((child) =>
      child.commands.length === 0 || child.options.length > 0 ? [child, ...leavesOf(child)] : leavesOf(child),
    );
}

/** `eli image load` of the verb `load`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The help as it is printed on a terminal of 100 columns, with the examples under it. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}
