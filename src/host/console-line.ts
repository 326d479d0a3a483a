import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * Writes to the machine's console: its screen, or a serial line. What the line cannot take at once is lost rather than waited for.
 *
 * @throws the file system's error when there is no console, or it takes nothing
 */
export async function writeToConsole(text: string): Promise<void> {
  // It must neither become our terminal, nor hold us up because nobody has plugged in the other end.
  const file = await open('/dev/console', constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    await file.write(text.replaceAll('\n', '\r\n'));
  } finally {
    await file.close();
  }
}
