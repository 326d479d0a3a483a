/**
 * Bundles each program, so that a device carries neither the sources nor the packages of the others: to one file, but for
 * what eliotd loads late (modules-late.ts, packages-late.ts). The certificate child is a program of its own: what it needs must
 * not be in eliotd's memory.
 */
import { execFileSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import packageJson from '../package.json' with { type: 'json' };
import { buildCli } from './build-cli.ts';
import { builtinsByRequire } from './builtins-by-require.ts';
import { lateModules, splitBuild } from './modules-late.ts';
import { noticesOf } from './notices.ts';
import { writeDocuments } from './openapi/pack.ts';
import { lateFiles, packagesLate } from './packages-late.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** https://reproducible-builds.org/specs/source-date-epoch/ */
const epochSeconds = process.env['SOURCE_DATE_EPOCH'];
const builtAtMs = epochSeconds === undefined ? newestSourceMs() : Number(epochSeconds) * 1_000;

/** Building the same again gives the same, so that an eliotd that runs meanwhile finds what it loads late. */
function newestSourceMs(): number {
  const paths = globSync(['src/**/*', 'package-lock.json'], { cwd: root });
  return Math.floor(Math.min(Date.now(), Math.max(...paths.map((path) => statSync(`${root}/${path}`).mtimeMs))));
}

/** Of the checkout; a source archive has none. */
function readCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // The source text stays in memory as long as the program runs: short names are a megabyte less.
  minify: true,
  // Every licence stands whole in the notices beside the bundles (notices.ts).
  legalComments: 'none',
  define: {
    ELIOT_VERSION: JSON.stringify(packageJson.version),
    ELIOT_BUILT_AT_MS: String(builtAtMs),
    ELIOT_COMMIT: JSON.stringify(readCommit()),
  },
  // CommonJS packages inside an ES module bundle still call `require` for Node's own modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  plugins: [builtinsByRequire],
  logLevel: 'warning',
};

// Built beside and then put in place: a program that is started meanwhile finds the old one.
const outdir = `dist-${process.pid}`;

const { entryPoints: lateGroups, plugin: modulesLate } = lateModules(`${root}/src`, builtAtMs.toString(36));
const daemon = await build({
  ...common,
  ...splitBuild,
  metafile: true,
  entryPoints: { eliotd: 'src/bin/eliotd.ts', ...lateGroups },
  outdir,
  plugins: [packagesLate, modulesLate, builtinsByRequire],
});
const children = await build({
  ...common,
  metafile: true,
  entryPoints: {
    'eliot-bundle': 'src/bin/eliot-bundle.ts',
    'eliot-certificates': 'src/bin/eliot-certificates.ts',
    'eliot-sync': 'src/bin/eliot-sync.ts',
    'eliot-images': 'src/bin/eliot-images.ts',
  },
  outdir,
  plugins: [packagesLate, builtinsByRequire],
});
const late = await build({
  ...common,
  ...lateFiles,
  metafile: true,
  outdir,
  // Native accelerators that ws would use when they are there; they are not.
  external: ['bufferutil', 'utf-8-validate'],
});

const daemonOutputs = { ...daemon.metafile.outputs, ...children.metafile.outputs, ...late.metafile.outputs };

const cli = await buildCli(common, outdir);

await writeDocuments(`${root}/${outdir}/openapi`);
await writeFile(`${root}/${outdir}/eliotd.NOTICES.txt`, noticesOf(daemonOutputs, root));
await writeFile(`${root}/${outdir}/eli.NOTICES.txt`, noticesOf(cli, root));
await writeFile(`${root}/${outdir}/package.json`, '{ "type": "module" }\n');
await rename(`${root}/dist`, `${root}/${outdir}-old`).catch(() => {});
await rename(`${root}/${outdir}`, `${root}/dist`);
await rm(`${root}/${outdir}-old`, { recursive: true, force: true });

const outputs = { ...daemonOutputs, ...cli };
for (const [path, { bytes }] of Object.entries(outputs)) {
  if (/\.c?js$/.test(path))
    console.log(`${path.replace(outdir, 'dist').padEnd(32)} ${(bytes / 1024).toFixed(0).padStart(6)} KB`);
}
