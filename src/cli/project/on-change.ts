/** What follows a change of a project's files. Pure. */
import { UsageError } from '../usage-error.ts';

/** What is done with the program when files have come. */
export type OnChange =
  | { readonly kind: 'None' }
  | { readonly kind: 'Restart' }
  /** Runs beside the program, in its container. */
  | { readonly kind: 'Run'; readonly command: readonly string[] };

/**
 * Reads `none`, `restart`, or a command.
 *
 * @param subject begins messages: `invalid --on-change`, or the place of a field
 * @throws UsageError when it is empty
 */
export function parseOnChange(text: string, subject: string): OnChange {
  switch (text.trim()) {
    case '':
      throw new UsageError(subject, 'possible are none, restart, and a command, for example "npm test"');
    case 'none':
      return { kind: 'None' };
    case 'restart':
      return { kind: 'Restart' };
    default:
      return { kind: 'Run', command: parseCommand(text) };
  }
}

/** The words of a command; one that means something to a shell is run by the shell of the image, others need none. */
export function parseCommand(text: string): readonly string[] {
  const words = text.trim().split(/\s+/);
  return /^[\w@%+=:,./ \t-]+$/.test(text) && !/^\w+=/.test(words[0] ?? '') ? words : ['sh', '-c', text];
}
