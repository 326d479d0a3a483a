/** `eli completion`: the script by which a shell completes command lines of `eli`. */
import { type Shell, shellScripts, shells } from '../completion/shell-scripts.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../usage-error.ts';

/** Prints it. */
export async function runCompletion(shell: string, context: CommandContext): Promise<number> {
  if (!isShell(shell)) throw new UsageError(`no completion for the shell "${shell}"`, `there is: ${shells.join(', ')}`);
  await context.print(shellScripts[shell]);
  return 0;
}

function isShell(text: string): text is Shell {
  return (shells as readonly string[]).includes(text);
}
