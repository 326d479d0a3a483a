/** eli(1), from the tree that parses the command line. */
import type { Command, Option } from 'commander';
import { declaredProgram, helpOf, leavesOf, pathOf } from '../reference/eli-program.ts';
import { entry, header, heading, paragraph, subheading, verbatim } from './roff.ts';

/** @param date as `2026-11-28` */
export function eliMan(date: string): string {
  const program = declaredProgram();
  return [
    header('eli', 1, date, 'work with the containers of IoT devices'),
    heading('SYNOPSIS'),
    verbatim(`${program.name()} ${program.usage()}`),
    heading('DESCRIPTION'),
    paragraph(program.description()),
    ...textAfterOptions(program),
    heading('OPTIONS OF EVERY COMMAND'),
    ...optionsOf(program),
    heading('COMMANDS'),
    ...leavesOf(program).flatMap(commandSection),
    heading('SEE ALSO'),
    paragraph('eliotd(8), kubectl(1)'),
  ].join('');
}

function commandSection(command: Command): string[] {
  return [
    subheading(`${pathOf(command)} ${command.usage()}`),
    paragraph(command.description()),
    ...optionsOf(command),
    ...textAfterOptions(command),
  ];
}

function optionsOf(command: Command): string[] {
  const help = command.createHelp();
  return help.visibleOptions(command).map((option: Option) => entry(option.flags, help.optionDescription(option)));
}

/** What the help says below its lists: examples above all. */
function textAfterOptions(command: Command): string[] {
  const whole = helpOf(command);
  const lists = command.helpInformation().trim();
  const text = whole.startsWith(lists) ? whole.slice(lists.length).trim() : '';
  return text === '' ? [] : [verbatim(text)];
}
