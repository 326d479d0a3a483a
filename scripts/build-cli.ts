/**
 * Bundles `eli` so that it starts fast: one file with what is ours, and beside it V8's code for the functions that a
 * usual command runs, so that they are not parsed and compiled at each start (docs/adr/0016, 0034). A Node of another
 * version refuses that code and compiles the file itself.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { issueCertificates } from '../src/agent/pki/issue-certificates.ts';
import { openPki, writeAdminKubeconfig } from '../src/agent/pki/pki.ts';
import { eliotProtocol } from '../src/api/eliot-protocol.ts';
import { smallVerbs } from '../src/bin/small-program.ts';

/** `commander` could start other programs as its commands; ours has none, and loading the module takes 4 ms. */
const noChildProcesses: Plugin = {
  name: 'no-child-processes',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:child_process$/ }, () => ({ path: 'child_process', namespace: 'nothing' }));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default {}' }));
  },
};

/**
 * `commander` asks of each flag, by a property of Unicode, whether it takes several values: to compile that takes a command
 * 0.4 ms. Names in our flags are ASCII.
 */
const plainFlagNames: Plugin = {
  name: 'plain-flag-names',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/commander\/lib\/option\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replace(String.raw`/\p{ID_Continue}\.\.\.[>\]]$/u`, String.raw`/\w\.\.\.[>\]]$/`);
      if (contents === text) throw new Error(`${path} has changed: look again at ${plainFlagNames.name}`);
      return { contents };
    });
  },
};

/** Packages that few commands need, each a file of its own: V8 reads all of a program's text before it runs any. */
const packagesApart = ['dns-packet', 'js-yaml', 'modern-tar', 'modern-tar/fs', 'ws', 'yaml'];
const fileOf = (name: string): string => `eli-${name.replace('/', '-')}`;

const takePackagesApart: Plugin = {
  name: 'take-packages-apart',
  setup: ({ onResolve }) => {
    const filter = new RegExp(`^(?:${packagesApart.join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path: `./${fileOf(path)}.cjs`, external: true }));
  },
};

/** Leaves the code of every command out that is not of the small program: its verbs are declared, and never run there. */
const leaveCommandsOut: Plugin = {
  name: 'leave-commands-out',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/commands\/[a-z-]+\.ts$/ }, ({ path, kind, importer }) => {
      const isOfVerb = kind === 'dynamic-import' && /\/cli\/verbs\/[a-z-]+\.ts$/.test(importer);
      const isKept = smallVerbs.some((verb) => path.endsWith(`/${verb}.ts`));
      return isOfVerb && !isKept ? { path: 'command', namespace: 'nothing' } : undefined;
    });
  },
};

/** The bundles by their names, without an end. */
const programs = ['eli-small', 'eli-program'] as const;

/** Writes `eli.cjs`, each program as `.cjs` with its `.cache`, and the packages' files into `directory`. */
export async function buildCli(common: BuildOptions, directory: string): Promise<Metafile['outputs']> {
  const options = {
    ...common,
    metafile: true,
    // As npm installs it, `eli` runs with the user's Node (docs/adr/0043).
    target: 'node20',
    format: 'cjs',
    banner: {},
    outExtension: { '.js': '.cjs' },
    outdir: directory,
    external: ['bufferutil', 'utf-8-validate'],
  } as const satisfies BuildOptions;
  const plugins = [noChildProcesses, plainFlagNames, ...(common.plugins ?? [])];
  const start = await build({
    ...options,
    entryPoints: { eli: 'src/bin/eli-start.ts' },
    // What npm makes a command of.
    banner: { js: '#!/usr/bin/env node' },
  });
  const buildProgram = (name: (typeof programs)[number], more: readonly Plugin[]) =>
    build({
      ...options,
      entryPoints: { [name]: 'src/bin/eli.ts' },
      // What `eli-start.ts` runs: a function of `require`.
      banner: { js: '(function (require) {' },
      footer: { js: '})' },
      // A script that is run by hand has `require` only.
      supported: { 'dynamic-import': false },
      plugins: [takePackagesApart, ...more, ...plugins],
    });
  const small = await buildProgram('eli-small', [leaveCommandsOut]);
  const program = await buildProgram('eli-program', []);
  const packages = await build({
    ...options,
    entryPoints: Object.fromEntries(packagesApart.map((name) => [fileOf(name), name])),
    plugins,
  });
  const built = resolve(common.absWorkingDir ?? '.', directory);
  await keepCode(built, [process.execPath], built);
  return {
    ...start.metafile.outputs,
    ...small.metafile.outputs,
    ...program.metafile.outputs,
    ...packages.metafile.outputs,
  };
}

/**
 * Runs `eli get pods` against a device that knows just enough, and keeps the code that V8 has made by then.
 *
 * @param directory where `eli.cjs` is
 * @param node the Node that makes the code and alone can use it: a program, with what emulates it before
 * @param into directory that gets a `.cache` for each program
 */
export async function keepCode(directory: string, node: readonly string[], into: string): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), 'eliot-build-'));
  const device = { dataDir: temporary, nodeName: 'device', dnsNames: ['localhost'], ips: ['127.0.0.1'] };
  const pki = await openPki({ ...device, issue: issueCertificates }, AbortSignal.timeout(30_000));
  const table = { kind: 'Table', columnDefinitions: [{ name: 'Name', type: 'string' }], rows: [{ cells: ['web'] }] };
  const server = createServer({ ...pki.server, ALPNProtocols: [eliotProtocol] }, (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(table));
  });
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const device = ['--kubeconfig', await writeAdminKubeconfig(temporary, address, pki)];
    const [command = '', ...before] = node;
    for (const program of programs) {
      // Only a verb that comes first is run by the small program.
      const args = program === 'eli-small' ? ['get', 'pods', ...device] : [...device, 'get', 'pods'];
      const env = { ...process.env, ELIOT_KEEP_CODE: join(into, `${program}.cache`) };
      await promisify(execFile)(command, [...before, join(directory, 'eli.cjs'), ...args], { env, timeout: 60_000 });
    }
  } finally {
    server.close();
    await rm(temporary, { recursive: true });
  }
}
