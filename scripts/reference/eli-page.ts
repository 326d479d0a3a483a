/** `docs/reference/eli.md`: every verb and flag of the command line, from the tree that parses them. */
import type { Command } from 'commander';
import { CommandContext } from '../../src/cli/context.ts';
import type { CliIo } from '../../src/cli/io.ts';
import { createProgram } from '../../src/cli/program.ts';
import { generatedNote } from './markdown.ts';

/** The page as Markdown: the general help, then that of each verb. */
export function eliPage(): string {
  const program = declaredProgram();
  const verbs = leavesOf(program);
  return `${generatedNote}

# eli

${fenced(helpOf(program))}

${verbs.map((verb) => `## ${pathOf(verb)}\n\n${fenced(helpOf(verb))}`).join('\n\n')}
`;
}

/** The tree with nothing behind it: asking for help runs no verb. */
function declaredProgram(): Command {
  const io = {} as CliIo;
  return createProgram([], {
    context: new CommandContext(io, new AbortController().signal),
    run: async () => {},
    write: () => {},
    writeError: () => {},
  });
}

/** Verbs that do something, in the order of the help; `image` alone does nothing, `image load` does. */
function leavesOf(command: Command): Command[] {
  return command.commands.flatMap((child) => (child.commands.length === 0 ? [child] : leavesOf(child)));
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The help as it is printed on a terminal of 100 columns, with the examples under it. */
function helpOf(command: Command): string {
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

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
