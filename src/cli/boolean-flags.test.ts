import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { withPlainBooleans } from './boolean-flags.ts';

describe('a flag that is yes or no', () => {
  const program = new Command().option('-q, --quiet');
  program.command('get').option('--no-headers').option('--watch [yes]').option('-o, --output <format>').option('--all');

  for (const [argv, plain] of [
    [
      ['get', '--all=true'],
      ['get', '--all'],
    ],
    [
      ['get', '--all=false', 'pods'],
      ['get', 'pods'],
    ],
    [
      ['get', '--no-headers=true', '--quiet=false'],
      ['get', '--no-headers'],
    ],
    // These have values, and this one is unknown.
    [
      ['get', '--watch=false', '--output=true', '--other=true'],
      ['get', '--watch=false', '--output=true', '--other=true'],
    ],
    [
      ['exec', '--', 'x', '--all=true'],
      ['exec', '--', 'x', '--all=true'],
    ],
  ] as const) {
    it(argv.join(' '), () => assert.deepEqual(withPlainBooleans(argv, program), plain));
  }
});
