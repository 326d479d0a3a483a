/** The programs of a package: those of `bin/`, which look for a checkout, with the fixed places of a package instead. */

/** Where packages keep what is not started by name. */
export const libraryDirectory = 'usr/lib/eliot';

/**
 * Flags and environment are the checkout's; only where things are is said anew.
 *
 * @param script `bin/eli` or `bin/eliotd`
 * @throws Error when it is not written as these are: a comment, how things are found up to a last `fi`, how it is started
 */
export function packagedLauncher(script: string): string {
  const comment = /^#!\/bin\/sh\n((?:#.*\n)+)/.exec(script)?.[1];
  const start = /^fi\n((?:(?!fi\n)[\s\S])*\nexec "\$node"[\s\S]*)$/m.exec(script)?.[1];
  if (comment === undefined || start === undefined) throw new Error('a launcher without comment, search or start');
  const [title] = comment.split('\n');
  return `#!/bin/sh\n${title}\nhere=/${libraryDirectory}\nnode=$here/node\n${start}`;
}
