/** The Node that packages carry: the official binary, from its npm package, without its symbols. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { Architecture } from './architectures.ts';

export interface NodeRuntime {
  readonly version: string;
  /** Path of the program, stripped (a sixth less). */
  readonly program: string;
  /** Path of its licence, with those of all it is made of. */
  readonly licence: string;
}

/** The version that the whole project is pinned to. */
const nodeVersion = packageJson.devDependencies.node;

/** When it was chosen: one version of the package has one content, whichever commit it is built from. */
export const runtimeEpochSeconds = Date.UTC(2026, 10, 22) / 1_000;

/**
 * Fetches it from the npm registry or npm's cache, once: it is kept below `cache`.
 *
 * @throws Error when the registry has another content than the one that was seen when the version was chosen
 */
export function prepareNode(architecture: Architecture, cache: string): NodeRuntime {
  const { name, nodePackage, nodeIntegrity, strip } = architecture;
  const directory = join(cache, `node-${nodeVersion}-${name}`);
  const runtime = { version: nodeVersion, program: join(directory, 'node'), licence: join(directory, 'LICENSE') };
  if (existsSync(directory)) return runtime;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'work-'));
  try {
    execFileSync('npm', ['pack', '--silent', `${nodePackage}@${nodeVersion}`], { cwd: work });
    const archive = join(work, `${nodePackage}-${nodeVersion}.tgz`);
    const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (integrity !== nodeIntegrity)
      throw new Error(`${nodePackage}@${nodeVersion} is ${integrity}, not the known one`);
    const out = join(work, 'out');
    mkdirSync(out);
    execFileSync('tar', ['-xzf', archive, '-C', work, 'package/bin/node', 'package/LICENSE']);
    execFileSync(strip, ['--strip-all', '-o', join(out, 'node'), join(work, 'package/bin/node')]);
    renameSync(join(work, 'package/LICENSE'), join(out, 'LICENSE'));
    // In one step: an interrupted run leaves nothing that looks complete.
    renameSync(out, directory);
  } finally {
    rmSync(work, { recursive: true });
  }
  return runtime;
}
