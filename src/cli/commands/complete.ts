/** `eli __complete`: what a shell asks when somebody presses the tabulator. It fails never, and says nothing on stderr. */
import type { Command } from 'commander';
import { complete } from '../completion/candidates.ts';
import { createDeviceNames } from '../completion/device-names.ts';
import type { CommandContext } from '../context.ts';

/** @param words what was typed behind the program's name; the last one may be empty */
export async function runComplete(
  program: Command,
  words: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { candidates, files } = await complete(program, words, (values) =>
    createDeviceNames(
      {
        kubeconfig: values.get('kubeconfig'),
        // Of several devices the first one is asked.
        node: values.get('node')?.split(',')[0],
        context: values.get('context'),
        namespace: values.get('namespace'),
      },
      context,
    ),
  );
  const lines = candidates.map(({ word, description }) => (description === '' ? word : `${word}\t${description}`));
  await context.print([...lines, files ? ':files' : ':end', ''].join('\n'));
  return 0;
}
