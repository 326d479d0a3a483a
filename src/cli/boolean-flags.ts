/** Flags that are yes or no, as Go's programs take them too: `--now=true`, `--force=false`. */
import type { Command, Option } from 'commander';

/**
 * `argv` with such flags as our parser knows them: `=true` is taken away, and one with `=false` is left out. What
 * follows `--` belongs to somebody else.
 */
export function withPlainBooleans(argv: readonly string[], program: Command): readonly string[] {
  const end = argv.indexOf('--');
  const ours = end < 0 ? argv : argv.slice(0, end);
  const names = booleanNames(program);
  const plain = ours.flatMap((word) => {
    const [, name = '', value] = /^--([a-z][a-z-]*)=(true|false)$/.exec(word) ?? [];
    if (value === undefined || !names.has(name)) return [word];
    return value === 'true' ? [`--${name}`] : [];
  });
  return [...plain, ...argv.slice(ours.length)];
}

/** Names of options that never have a value, whichever verb they are of. */
function booleanNames(program: Command): ReadonlySet<string> {
  const options = allOptions(program).filter(({ long }) => long !== undefined);
  const withValue = new Set(options.filter(({ required, optional }) => required || optional).map(nameOf));
  return new Set(options.map(nameOf).filter((name) => !withValue.has(name)));
}

/** As typed: `no-headers`, where the parser's own name is `headers`. */
function nameOf({ long }: Option): string {
  return (long ?? '').slice(2);
}

function allOptions(command: Command): readonly Option[] {
  return [...command.options, ...command.commands.flatMap(allOptions)];
}
