/**
 * Shows a pairing code at the start of a device that nobody has paired with yet, for who stands before it with a laptop and
 * no shell: on its screen or serial line, or where eliotd's output goes. Off unless the operator asks for it: whoever reads the
 * code owns the device, and an output may be read by many.
 */
import type { CodeAnswer } from '../../api/pairing/exchange.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Settings } from '../settings/settings.ts';
import { describeCode } from './ask-for-code.ts';

export interface FirstCodeDeps {
  readonly where: Settings['showPairingCode'];
  readonly isPaired: () => boolean;
  /** Opens a code for a person who may do everything. */
  readonly openCode: () => CodeAnswer;
  readonly writeToConsole: (text: string) => Promise<void>;
  readonly writeToStdout: (text: string) => void;
  readonly log: Logger;
}

/** Never fails: a device without a screen starts all the same. */
export async function showFirstCode(deps: FirstCodeDeps): Promise<void> {
  const { where, isPaired, openCode, writeToConsole, writeToStdout, log } = deps;
  if (where === 'never' || isPaired()) return;
  const text = describeCode(openCode());
  if (where === 'stdout') {
    writeToStdout(text);
    return;
  }
  try {
    // What stands there may be in the middle of a line.
    await writeToConsole(`\n${text}`);
  } catch (error) {
    log.warn('pairing code not shown on the console', { error });
  }
}
