/**
 * Bundles `eli` so that it starts fast: one file with what is ours, and beside it V8's code for the functions that a
 * usual command runs, so that they are not parsed and compiled at each start (docs/adr/0016, 0034). A Node of another
 * version refuses that code and compiles the file itself.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { issueCertificates } from '../src/agent/pki/issue-certificates.ts';
import { openPki, writeAdminKubeconfig } from '../src/agent/pki/pki.ts';
import { eliotProtocol } from '../src/api/eliot-protocol.ts';

/** `commander` could start other programs as its commands; ours has none, and loading the module takes 4 ms. */
const noChildProcesses: Plugin = {
  name: 'no-child-processes',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:child_process$/ }, () => ({ path: 'child_process', namespace: 'nothing' }));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default {}' }));
  },
};

/** Packages that few commands need, each a file of its own: V8 reads all of a program's text before it runs any. */
const packagesApart = ['js-yaml', 'modern-tar', 'ws', 'yaml'];

const takePackagesApart: Plugin = {
  name: 'take-packages-apart',
  setup: ({ onResolve }) => {
    const filter = new RegExp(`^(?:${packagesApart.join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path: `./eli-${path}.cjs`, external: true }));
  },
};

/** Writes `eli.cjs`, `eli-program.cjs` with `eli-program.cache`, and the packages' files into `directory`. */
export async function buildCli(common: BuildOptions, directory: string): Promise<Metafile['outputs']> {
  const options = {
    ...common,
    metafile: true,
    format: 'cjs',
    banner: {},
    outExtension: { '.js': '.cjs' },
    outdir: directory,
    external: ['bufferutil', 'utf-8-validate'],
  } as const satisfies BuildOptions;
  const plugins = [noChildProcesses, ...(common.plugins ?? [])];
  const start = await build({ ...options, entryPoints: { eli: 'src/bin/eli-start.ts' } });
  const program = await build({
    ...options,
    entryPoints: { 'eli-program': 'src/bin/eli.ts' },
    // What `eli-start.ts` runs: a function of `require`.
    banner: { js: '(function (require) {' },
    footer: { js: '})' },
    // A script that is run by hand has `require` only.
    supported: { 'dynamic-import': false },
    plugins: [takePackagesApart, ...plugins],
  });
  const packages = await build({
    ...options,
    entryPoints: Object.fromEntries(packagesApart.map((name) => [`eli-${name}`, name])),
    plugins,
  });
  await keepCode(resolve(common.absWorkingDir ?? '.', directory));
  return { ...start.metafile.outputs, ...program.metafile.outputs, ...packages.metafile.outputs };
}

/** Runs `eli get pods` against a device that knows just enough, and keeps the code that V8 has made by then. */
async function keepCode(directory: string): Promise<void> {
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
    const args = ['get', 'pods', '--kubeconfig', await writeAdminKubeconfig(temporary, address, pki)];
    const env = { ...process.env, ELIOT_KEEP_CODE: join(directory, 'eli-program.cache') };
    await promisify(execFile)(process.execPath, [join(directory, 'eli.cjs'), ...args], { env });
  } finally {
    server.close();
    await rm(temporary, { recursive: true });
  }
}
