/** Every verb and flag that docs/predecessor.md ticks is there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { declaredProgram, pathOf } from '../scripts/reference/eli-program.ts';
import { eliotdHelp } from '../src/agent/settings/help.ts';

const page = readFileSync(join(import.meta.dirname, '../docs/predecessor.md'), 'utf8');

/** What stands in backticks and begins with the name of a program, wherever it is ticked or said to be there. */
const promised = (name: string): readonly string[] =>
  page
    .split(/\n(?=\||#|\n)/)
    .filter((paragraph) => !paragraph.startsWith('|') || /^\|[^|]*\| ✓ \|/.test(paragraph))
    .flatMap((paragraph) => [...(paragraph.match(/^\|[^|]*\| ✓ \|([^|]*)/)?.[1] ?? paragraph).matchAll(/`([^`]+)`/g)])
    .map(([, text = '']) => text.replaceAll('\n', ' '))
    .filter((text) => text.startsWith(`${name} `));

/** The command that the words name, and the words that are left. */
function resolve(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly rest: readonly string[] } {
  const [word = '', ...rest] = words;
  const inside = program.commands.find((command) => command.name() === word);
  return inside === undefined ? { command: program, rest: words } : resolve(inside, rest);
}

function flagsOf(command: Command): readonly string[] {
  const own = ['-h', '--help', ...command.options.flatMap(({ short, long }) => [short, long])];
  return [...own.flatMap((flag) => flag ?? []), ...(command.parent ? flagsOf(command.parent) : [])];
}

describe('docs/predecessor.md', () => {
  const program = declaredProgram();
  const lines = promised('eli');

  it('promises something', () => {
    assert.ok(lines.length > 40, `${lines.length}`);
    assert.ok(promised('eliotd').length >= 5);
  });

  for (const line of new Set(lines)) {
    it(`promises what is there: ${line}`, () => {
      const { command, rest } = resolve(program, line.split(' ').slice(1));
      assert.ok(command.parent !== null || rest.every((word) => word.startsWith('-')), `${line}: no such verb`);
      for (const flag of rest) assert.ok(flagsOf(command).includes(flag), `${pathOf(command)} has no ${flag}`);
    });
  }

  for (const line of new Set(promised('eliotd'))) {
    it(`promises what is there: ${line}`, () => {
      for (const flag of line.split(' ').slice(1)) assert.match(eliotdHelp, new RegExp(`^ +${flag}\\b`, 'm'));
    });
  }

  it('says of nothing that it follows when it is there', () => {
    const following = [...page.matchAll(/^\| ([^|]*)\| _follows_ /gm)].map(
      ([, then = '']) => /`([a-z]+)/.exec(then)?.[1],
    );
    assert.deepEqual(following, ['build']);
    for (const verb of ['build']) assert.ok(!program.commands.some((command) => command.name() === verb));
  });
});
