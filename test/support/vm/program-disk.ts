/** File system images of what a device gets of Eliot, mounted at /opt/eliot. */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runOk } from '../command.ts';

const root = join(import.meta.dirname, '../../..');

/** The checkout: bundles, assets, units and Node. */
export function makeProgramDisk(path: string): Promise<void> {
  return makeDisk(path, (directory) => {
    for (const name of ['bin', 'dist', 'assets', 'packaging', 'package.json']) {
      cpSync(join(root, name), join(directory, name), { recursive: true });
    }
    const programs = join(directory, 'node_modules/.bin');
    mkdirSync(programs, { recursive: true });
    copyFileSync(realpathSync(join(root, 'node_modules/.bin/node')), join(programs, 'node'));
  });
}

/** Files of this machine, by their paths on the disk. */
export function makeFileDisk(path: string, files: Readonly<Record<string, string>>): Promise<void> {
  return makeDisk(path, (directory) => {
    for (const [name, file] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      copyFileSync(file, join(directory, name));
    }
  });
}

async function makeDisk(path: string, fill: (directory: string) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-programs-'));
  try {
    fill(directory);
    await runOk('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-d', directory, path, '256M']);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
