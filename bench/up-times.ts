/** What somebody waits for who develops on a device: the first output of `eli up`, and that after a file was saved. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestDevice, testImage } from '../test/support/device.ts';
import { waitFor } from '../test/support/wait.ts';
import { timeMs } from './statistics.ts';

export interface UpTimes {
  /** From the start of `eli` to the first output of the program; its image is on the device. */
  readonly firstMs: readonly number[];
  /** From the write of a file to the first output of the program that was started anew. */
  readonly againMs: readonly number[];
}

/** Of a project of one file, a shell script: what the program itself takes is next to nothing. */
export async function timeUp(device: TestDevice, rounds: number): Promise<UpTimes> {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-bench-up-'));
  const script = (word: string): void => writeFileSync(join(directory, 'run.sh'), `echo ${word}\nexec sleep 1000\n`);
  const firstMs: number[] = [];
  const againMs: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      script('first');
      let session: ReturnType<TestDevice['eliBackground']> | undefined;
      const prints = (word: string): Promise<unknown> =>
        waitFor(`the output of ${word}`, () => session?.stdout.includes(word) ?? false, { intervalMs: 1 });
      firstMs.push(
        await timeMs(async () => {
          const command = [
            'up',
            '--directory',
            directory,
            '--name',
            'bench',
            '--image',
            testImage,
            '--',
            'sh',
            'run.sh',
          ];
          session = device.eliBackground(command);
          await prints('first');
        }),
      );
      againMs.push(
        await timeMs(async () => {
          script('again');
          await prints('again');
        }),
      );
      await session?.stop('SIGINT');
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return { firstMs, againMs };
}
