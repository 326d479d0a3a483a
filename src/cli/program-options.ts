/** What the files that declare verbs share. */
import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';

/**
 * On how many devices a verb works: on none, so that those of ELI_NODE are not meant; on one alone; or on several, with what
 * it prints of them put together at the end, or passed on line by line as it comes.
 */
export type WorksOn = 'NoDevice' | 'OneDevice' | 'SeveralTogether' | 'SeveralByLine';

/** Runs a verb's code and keeps its exit code; `OneDevice` when nothing else is said. */
export type RunVerb = (work: () => Promise<number>, on?: WorksOn) => Promise<void>;

export interface ProgramDeps {
  readonly context: CommandContext;
  readonly run: RunVerb;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** The command line with every verb, whatever was typed. */
  readonly wholeProgram: () => Command;
}

/** A flag that may be given several times. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser<readonly string[]>((value, previous) => [...(previous ?? []), value]);
}

/** `--dry-run`, of every verb that writes. */
export const dryRunOption = [
  '--dry-run [mode]',
  '"client" only says what it would do, "server" also checks it on the device',
] as const;

/** Examples under a verb's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
