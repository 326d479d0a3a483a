/** What the last word of a line can become. What an argument is called in the declaration of its verb says what it is. */
import type { Command, Option } from 'commander';
import { shortImageName } from '../../api/image-reference.ts';
import { analyseLine, optionsOf, type Typed } from './analyse.ts';
import type { DeviceNames } from './device-names.ts';

export interface Candidate {
  /** The whole last word. */
  readonly word: string;
  /** What it does; empty when its name says it all. */
  readonly description: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** The name of a file may stand there as well. */
  readonly files: boolean;
}

const nothing: Completion = { candidates: [], files: false };
const anyFile: Completion = { candidates: [], files: true };

const formats = ['table', 'wide', 'json', 'yaml', 'name', 'jsonpath=', 'custom-columns='];

/** @param names of the device that the flags on the line name */
export async function complete(
  program: Command,
  words: readonly string[],
  names: (values: Typed['values']) => DeviceNames,
): Promise<Completion> {
  const typed = analyseLine(program, words);
  const found = await candidatesOf(typed, names(typed.values));
  const fitting = found.candidates.filter(({ word }) => word.startsWith(typed.current));
  return {
    files: found.files,
    candidates: fitting.map(({ word, description }) => ({ word: typed.before + word, description })),
  };
}

async function candidatesOf(typed: Typed, names: DeviceNames): Promise<Completion> {
  const { command, place } = typed;
  switch (place.kind) {
    case 'Foreign':
      return nothing;
    case 'Verb':
      return words(command.commands.filter((verb) => !isHidden(verb)).map(describeVerb));
    case 'Flag':
      return words(
        optionsOf(command)
          .filter(({ hidden }) => !hidden)
          .map(describeFlag),
      );
    case 'Value':
      return await valuesOf(place.option, typed, names);
    case 'Operand':
      return await operandsOf(place.argument?.name(), typed, names);
  }
}

async function valuesOf(
  option: Option,
  { command, operands, current }: Typed,
  names: DeviceNames,
): Promise<Completion> {
  if (option.argChoices !== undefined) return plain(option.argChoices);
  switch (option.long) {
    case '--namespace':
      return plain(await names.objects('namespaces'));
    case '--context':
      return plain(await names.contexts());
    case '--node':
      return plain(listed(current, [...(await names.contexts()), ...(await names.seen())]));
    case '--output':
      // The file of what is saved.
      return command.registeredArguments.some((argument) => argument.name() === 'file') ? anyFile : plain(formats);
    case '--container':
      return operands[0] === undefined ? nothing : plain(await names.containers(operands[0]));
    case '--image':
      return plain(await names.images());
    case '--on-change':
      return plain(['restart', 'none']);
    case '--image-pull':
      return plain(['always', 'missing', 'never']);
    case '--dry-run':
      return plain(['none', 'client', 'server']);
    default:
      return /<(?:file|dir|directory|path)>/.test(option.flags) ? anyFile : nothing;
  }
}

async function operandsOf(name: string | undefined, typed: Typed, names: DeviceNames): Promise<Completion> {
  const { command, operands } = typed;
  switch (name) {
    case 'resource':
      return without(operands, plain(await resources(typed, names)));
    case 'pod':
      return plain(await names.objects('pods'));
    case 'container':
      return plain(await names.containers(operands[0] ?? ''));
    case 'node':
      return plain(await names.objects('nodes'));
    case 'image':
      return without(operands, plain((await names.images()).flatMap(spellings)));
    case 'name':
      return command.parent?.name() === 'config' ? plain(await names.contexts()) : nothing;
    case 'device':
      return plain(await names.seen());
    case 'property':
      return plain(['namespace', 'server']);
    case 'archive':
    case 'source':
    case 'file':
    case 'path':
    case 'directory':
      return anyFile;
    case 'shell':
      return plain(['bash', 'zsh', 'fish']);
    default:
      return nothing;
  }
}

/** `TYPE NAME…`, `TYPE/NAME…` and `TYPE,TYPE`. */
async function resources({ operands, current }: Typed, names: DeviceNames): Promise<readonly string[]> {
  const slash = current.indexOf('/');
  if (slash > 0) {
    const type = current.slice(0, slash + 1);
    return (await names.objects(type.slice(0, -1))).map((name) => `${type}${name}`);
  }
  const [type] = operands;
  if (type?.includes('/')) return [];
  if (type !== undefined) return await names.objects(type);
  return listed(current, await names.kinds());
}

/** Each name as the last one of a list that commas part; those that stand there are left out. */
function listed(current: string, names: readonly string[]): readonly string[] {
  const before = current.slice(0, current.lastIndexOf(',') + 1);
  const taken = before.split(',');
  return names.filter((name) => !taken.includes(name)).map((name) => `${before}${name}`);
}

/** In full, and as people type those of the default registry. */
function spellings(image: string): readonly string[] {
  const short = shortImageName(image);
  return short === image ? [image] : [short, image];
}

function describeVerb(verb: Command): Candidate {
  return { word: verb.name(), description: verb.description() };
}

function describeFlag({ long, short, description, required }: Option): Candidate {
  const name = long ?? short ?? '';
  return { word: required && long !== undefined ? `${name}=` : name, description };
}

/** Commander keeps it to itself. */
function isHidden(verb: Command): boolean {
  return verb.name().startsWith('_');
}

function words(candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.toSorted((a, b) => (a.word < b.word ? -1 : 1)), files: false };
}

function plain(names: readonly string[]): Completion {
  return words([...new Set(names)].map((word) => ({ word, description: '' })));
}

function without(taken: readonly string[], { candidates, files }: Completion): Completion {
  return { candidates: candidates.filter(({ word }) => !taken.includes(word)), files };
}
