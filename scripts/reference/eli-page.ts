/** `docs/reference/eli.md`: every verb and flag of the command line, from the tree that parses them. */
import { declaredProgram, helpOf, leavesOf, pathOf } from './eli-program.ts';
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

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
