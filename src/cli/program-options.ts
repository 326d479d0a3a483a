/** What the files that declare verbs share. */
import { Option } from 'commander';
import type { CommandContext } from './context.ts';

/** Runs a verb's code and keeps its exit code. */
export type RunVerb = (work: () => Promise<number>) => Promise<void>;

export interface ProgramDeps {
  readonly context: CommandContext;
  readonly run: RunVerb;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/** A flag that may be given several times. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser<readonly string[]>((value, previous) => [...(previous ?? []), value]);
}

/** Examples under a verb's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
