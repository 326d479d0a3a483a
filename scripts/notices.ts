/** The licences of the npm packages whose code is in a bundle, as they must go with it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * One text for all packages of which `outputs` holds code, sorted by name; `root` is what their paths begin at.
 *
 * @throws Error for a package that comes with neither a licence file nor a copyright notice in its sources
 */
export function noticesOf(outputs: Metafile['outputs'], root: string): string {
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const byPackage = Map.groupBy(
    files.filter((file) => packageOf(file) !== undefined),
    (file) => packageOf(file) ?? '',
  );
  const notices = [...byPackage].map(([directory, inputs]) => {
    const manifest = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8')) as Manifest;
    const { name, version, license } = manifest;
    const text = licenceFile(join(root, directory)) ?? headersOf(inputs.map((file) => join(root, file)));
    if (text === '' || license === undefined) throw new Error(`${name} ${version} says no licence`);
    return { name, text: `${name} ${version} (${license})\n\n${text.trim()}\n` };
  });
  return notices
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ text }) => text)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** The directory of the package that a file belongs to; undefined for our own. */
export function packageOf(file: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

function licenceFile(directory: string): string | undefined {
  const name = readdirSync(directory).find((entry) => /^licen[cs]e(-[a-z]+)?(\.(md|txt))?$/i.test(entry));
  return name === undefined ? undefined : readFileSync(join(directory, name), 'utf8');
}

/** The notices at the heads of source files, each once. */
function headersOf(files: readonly string[]): string {
  const headers = files.filter(existsSync).map((file) => {
    const [head = ''] = /^(?:\/\/.*\n)+/.exec(readFileSync(file, 'utf8')) ?? [];
    return head.replaceAll(/^\/\/ ?/gm, '').trim();
  });
  return [...new Set(headers)].filter((header) => header.includes('Copyright')).join('\n\n');
}
