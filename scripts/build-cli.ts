/**
 * Bundles `eli` so that it starts fast: one file, and beside it V8's code for the functions that a usual command runs,
 * so that they are not parsed and compiled at each start (docs/adr/0016). A Node of another version refuses that code
 * and compiles the file itself.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

/** `commander` could start other programs as its commands; ours has none, and loading the module takes 4 ms. */
const noChildProcesses: Plugin = {
  name: 'no-child-processes',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:child_process$/ }, () => ({ path: 'child_process', namespace: 'nothing' }));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default {}' }));
  },
};

/** Writes `eli.cjs`, `eli-program.cjs` and `eli-program.cache` into `directory`. */
export async function buildCli(common: BuildOptions, directory: string): Promise<Metafile> {
  const { metafile } = await build({
    ...common,
    metafile: true,
    format: 'cjs',
    banner: {},
    outExtension: { '.js': '.cjs' },
    entryPoints: { eli: 'src/bin/eli-start.ts', 'eli-program': 'src/bin/eli.ts' },
    outdir: directory,
    external: ['bufferutil', 'utf-8-validate'],
    plugins: [noChildProcesses, ...(common.plugins ?? [])],
  });
  await keepCode(resolve(common.absWorkingDir ?? '.', directory));
  return metafile;
}

/** Runs `eli get pods` against a server that knows just enough, and keeps the code that V8 has made by then. */
async function keepCode(directory: string): Promise<void> {
  const table = { kind: 'Table', columnDefinitions: [{ name: 'Name', type: 'string' }], rows: [{ cells: ['web'] }] };
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(url === '/version' ? { gitVersion: 'v1.35.0+eliot' } : table));
  });
  const temporary = await mkdtemp(join(tmpdir(), 'eliot-build-'));
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const kubeconfig = join(temporary, 'kubeconfig');
    await writeFile(kubeconfig, kubeconfigOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    const args = ['get', 'pods', '--kubeconfig', kubeconfig];
    const env = { ...process.env, ELIOT_KEEP_CODE: join(directory, 'eli-program.cache') };
    await promisify(execFile)(process.execPath, [join(directory, 'eli.cjs'), ...args], { env });
  } finally {
    server.close();
    await rm(temporary, { recursive: true });
  }
}

function kubeconfigOf(server: string): string {
  return `apiVersion: v1
kind: Config
current-context: device
clusters: [{name: device, cluster: {server: "${server}"}}]
users: [{name: device, user: {}}]
contexts: [{name: device, context: {cluster: device, user: device, namespace: default}}]
`;
}
