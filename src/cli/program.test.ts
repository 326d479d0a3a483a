import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Written } from '../testing/eli-runner.ts';
import { CommandContext } from './context.ts';
import type { CliIo } from './io.ts';
import { createProgram } from './program.ts';

function verbsFor(...argv: readonly string[]): readonly string[] {
  const context = new CommandContext({ stdout: new Written() } as unknown as CliIo, new AbortController().signal);
  const program = createProgram(argv, { context, run: async () => {}, write: () => {}, writeError: () => {} });
  return program.commands.map((command) => command.name());
}

describe('the command line', () => {
  it('declares a verb that is asked for', () => {
    for (const verb of verbsFor()) assert.ok(verbsFor('-n', 'x', verb, 'y').includes(verb), verb);
  });

  it('declares few others then', () => {
    assert.deepEqual(verbsFor('get', 'pods'), ['get', 'describe', 'version']);
  });

  it('declares a verb that may as well be the value of a flag', () => {
    assert.ok(verbsFor('-n', 'get', 'logs', 'web').includes('logs'));
  });

  it('declares every verb also beside the word that is another one', () => {
    for (const verb of verbsFor()) {
      for (const word of ['get', 'apply']) assert.ok(verbsFor(verb, word).includes(verb), `${verb} ${word}`);
    }
  });

  it('declares all when no word is one', () => {
    assert.deepEqual(verbsFor('gett', 'pods'), verbsFor());
  });
});
