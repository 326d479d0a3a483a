/** How long a person waits for `eli get nodes`, who has named no device. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOk } from '../test/support/command.ts';
import { type Spread, spreadOf, timeMs } from './statistics.ts';

const eli = join(import.meta.dirname, '../bin/eli');

/**
 * Milliseconds until the table stands in a pipe, with a device that announces itself on the loopback.
 *
 * @throws Error when it is not in the table
 */
export async function timeFindDevices(node: string, rounds: number): Promise<Spread> {
  const home = mkdtempSync(join(tmpdir(), 'eliot-home-'));
  const env = { HOME: home, KUBECONFIG: '', ELI_KUBECONFIG: '', ELI_NODE: '', ELIOT_RUN_DIR: join(home, 'none') };
  try {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      times.push(
        await timeMs(async () => {
          const { stdout } = await runOk(eli, ['get', 'nodes'], { env });
          if (!stdout.includes(`\n${node} `)) throw new Error(`"eli get nodes" did not find ${node}:\n${stdout}`);
        }),
      );
    }
    return spreadOf(times);
  } finally {
    rmSync(home, { recursive: true });
  }
}
