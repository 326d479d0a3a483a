/** Where files lie that are gone when the command is. */
import { randomBytes } from 'node:crypto';
import type { CliIo } from './io.ts';

/**
 * A path at which nothing is yet, in the directory that the environment names for it.
 *
 * @param name what the file is called before and after what makes it unique: `eli-edit-*.yaml`
 */
export function temporaryPath({ env }: Pick<CliIo, 'env'>, name: `${string}*${string}`): string {
  const directory = (env['TMPDIR'] || env['TEMP'] || '/tmp').replace(/\/+$/, '');
  return `${directory}/${name.replace('*', randomBytes(6).toString('hex'))}`;
}
