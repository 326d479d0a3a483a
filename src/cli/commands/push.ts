/** `eli push`: an image of this machine on a device, with no registry in between; only what it lacks is sent. */
import type { CommandContext } from '../context.ts';
import { type PushFlags, parseBuilding, parseEngine, parsePushedName } from '../push/push-flags.ts';
import { pushDirectory, pushLocal } from '../push/push-local.ts';
import { UsageError } from '../usage-error.ts';

/**
 * @param meant what is pushed; with --directory, what is made of it is called so
 * @param as what it is called on the device
 */
export async function runPush(
  meant: string,
  as: string | undefined,
  flags: PushFlags,
  context: CommandContext,
): Promise<number> {
  const engine = parseEngine(flags.from);
  const building = parseBuilding(flags);
  if (building === undefined) {
    await pushLocal({ meant, name: as === undefined ? undefined : parsePushedName(as), engine }, context);
  } else {
    if (as !== undefined) throw new UsageError('with --directory there is one name:  eli push NAME --directory DIR');
    await pushDirectory(building, parsePushedName(meant), engine, context);
  }
  return 0;
}
