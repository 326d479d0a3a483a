/** What eliotd loads at its start: every kilobyte of it stays in memory (docs/adr/0012, 0051). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { build, type Metafile } from 'esbuild';
import { builtinsByRequire } from '../scripts/builtins-by-require.ts';
import { lateGroups, lateModules, splitBuild } from '../scripts/modules-late.ts';
import { packagesLate } from '../scripts/packages-late.ts';

/** Of the text that is read at the start. Before it is raised: what of that is new, and does an idle device need it? */
const mostBytes = 780 * 1024;

const root = join(import.meta.dirname, '..');

describe('the program of eliotd', () => {
  let outputs: Metafile['outputs'];
  let atStart: string[];

  before(async () => {
    const { entryPoints, plugin } = lateModules(join(root, 'src'), 'test');
    const built = await build({
      ...splitBuild,
      absWorkingDir: root,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      entryPoints: { eliotd: 'src/bin/eliotd.ts', ...entryPoints },
      plugins: [packagesLate, plugin, builtinsByRequire],
      define: { ELIOT_VERSION: '"1"', ELIOT_BUILT_AT_MS: '0', ELIOT_COMMIT: '"0"' },
      outdir: 'nowhere',
      write: false,
      metafile: true,
    });
    outputs = built.metafile.outputs;
    atStart = withImports('nowhere/eliotd.js');
  });

  /** A file and all that it imports before it runs. */
  function withImports(file: string, found: string[] = []): string[] {
    if (found.includes(file)) return found;
    found.push(file);
    for (const { path, kind } of outputs[file]?.imports ?? [])
      if (kind === 'import-statement') withImports(path, found);
    return found;
  }

  const sourcesOf = (files: readonly string[]): string[] =>
    files.flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));

  it('reads at its start at most what it is allowed to', () => {
    const bytes = atStart.reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
    assert.ok(bytes <= mostBytes, `${(bytes / 1024).toFixed(0)} KB`);
  });

  it('reads nothing at its start that is loaded late', () => {
    const late = new Set(Object.values(lateGroups).flatMap((files) => files.map((file) => `src/${file}`)));
    const found = sourcesOf(atStart);
    assert.deepEqual(
      found.filter((file) => late.has(file)),
      [],
    );
    assert.deepEqual(
      found.filter((file) => /^node_modules\/(?:js-yaml|modern-tar|ws)\//.test(file)),
      [],
    );
  });

  it('is one file with the shared part, and one for each group', () => {
    assert.equal(atStart.length, 2, atStart.join());
  });

  it('has each module once, so that what is loaded late meets the classes and errors that are there', () => {
    const sources = sourcesOf(Object.keys(outputs)).filter((file) => file.startsWith('src/'));
    assert.deepEqual(
      sources.filter((file, index) => sources.indexOf(file) < index),
      [],
    );
  });
});
