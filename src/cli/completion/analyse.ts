/** What a command line that is being typed is at: which verb, and what the last word can be. Pure. */
import type { Argument, Command, Option } from 'commander';

/** What the last word stands for. */
export type Place =
  | { readonly kind: 'Verb' }
  | { readonly kind: 'Flag' }
  | { readonly kind: 'Value'; readonly option: Option }
  | { readonly kind: 'Operand'; readonly argument: Argument | undefined }
  /** Behind `--`: it is not ours. */
  | { readonly kind: 'Foreign' };

export interface Typed {
  /** The deepest verb that was typed; the program itself without one. */
  readonly command: Command;
  /** What stands before the last word and is neither verb nor flag. */
  readonly operands: readonly string[];
  /** Values of flags by their long name without dashes, the last one of each. */
  readonly values: ReadonlyMap<string, string>;
  readonly place: Place;
  /** The part of the last word that is to be completed; `ku` of `--namespace=ku`. */
  readonly current: string;
  /** The part before that: `--namespace=`. */
  readonly before: string;
}

/** @param words what was typed behind the program's name; the last one may be empty */
export function analyseLine(program: Command, words: readonly string[]): Typed {
  const last = words.at(-1) ?? '';
  const state: State = { command: program, operands: [], values: new Map(), waiting: undefined, isForeign: false };
  for (const word of words.slice(0, -1)) take(state, word);
  const { command, operands, values, waiting, isForeign } = state;
  const typed = { command, operands, values, current: last, before: '' };
  if (isForeign) return { ...typed, place: { kind: 'Foreign' } };
  if (waiting !== undefined) return { ...typed, place: { kind: 'Value', option: waiting } };
  const equals = last.indexOf('=');
  if (last.startsWith('--') && equals > 0) {
    const option = findOption(command, last.slice(0, equals));
    const before = last.slice(0, equals + 1);
    const place: Place = option === undefined ? { kind: 'Foreign' } : { kind: 'Value', option };
    return { ...typed, place, before, current: last.slice(equals + 1) };
  }
  if (last.startsWith('-') && last !== '-') return { ...typed, place: { kind: 'Flag' } };
  if (command.commands.length > 0 && operands.length === 0) return { ...typed, place: { kind: 'Verb' } };
  return { ...typed, place: { kind: 'Operand', argument: argumentAt(command, operands.length) } };
}

/** The flags that a verb takes, its own first. */
export function optionsOf(command: Command): readonly Option[] {
  return command.parent === null ? command.options : [...command.options, ...optionsOf(command.parent)];
}

interface State {
  command: Command;
  readonly operands: string[];
  readonly values: Map<string, string>;
  /** The flag whose value the next word is. */
  waiting: Option | undefined;
  isForeign: boolean;
}

function take(state: State, word: string): void {
  if (state.isForeign) return;
  if (state.waiting !== undefined) {
    state.values.set(nameOf(state.waiting), word);
    state.waiting = undefined;
  } else if (word === '--') state.isForeign = true;
  else if (word.startsWith('--')) takeLong(state, word);
  else if (word.startsWith('-') && word !== '-') takeShort(state, word.slice(1));
  else takePlain(state, word);
}

function takeLong(state: State, word: string): void {
  const equals = word.indexOf('=');
  const option = findOption(state.command, equals < 0 ? word : word.slice(0, equals));
  if (option === undefined) return;
  if (equals >= 0) state.values.set(nameOf(option), word.slice(equals + 1));
  else if (option.required) state.waiting = option;
}

/** Several letters may stand behind one dash; the first that takes a value takes the rest. */
function takeShort(state: State, letters: string): void {
  for (const [index, letter] of [...letters].entries()) {
    const option = findOption(state.command, `-${letter}`);
    if (option?.required !== true) continue;
    const rest = letters.slice(index + 1).replace(/^=/, '');
    if (rest === '') state.waiting = option;
    else state.values.set(nameOf(option), rest);
    return;
  }
}

function takePlain(state: State, word: string): void {
  const inner =
    state.operands.length > 0
      ? undefined
      : state.command.commands.find((verb) => verb.name() === word || verb.aliases().includes(word));
  if (inner !== undefined) state.command = inner;
  // What `help` is asked about is completed as if it were called.
  else if (!(word === 'help' && state.command.parent === null && state.operands.length === 0)) {
    state.operands.push(word);
  }
}

function findOption(command: Command, flag: string): Option | undefined {
  return optionsOf(command).find(({ short, long }) => short === flag || long === flag);
}

function nameOf({ long, short }: Option): string {
  return (long ?? short ?? '').replace(/^-+/, '');
}

/** The last one takes the rest when it may be repeated. */
function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic ? last : undefined);
}
