/** A file system image of what a device has of Eliot: bundles, assets, units and Node; mounted at /opt/eliot. */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOk } from '../command.ts';

const root = join(import.meta.dirname, '../../..');

export async function makeProgramDisk(path: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-programs-'));
  try {
    for (const name of ['bin', 'dist', 'assets', 'packaging', 'package.json']) {
      cpSync(join(root, name), join(directory, name), { recursive: true });
    }
    const programs = join(directory, 'node_modules/.bin');
    mkdirSync(programs, { recursive: true });
    copyFileSync(realpathSync(join(root, 'node_modules/.bin/node')), join(programs, 'node'));
    await runOk('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-d', directory, path, '256M']);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
