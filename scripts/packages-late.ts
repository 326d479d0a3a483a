/**
 * Takes npm packages out of the daemon's bundle, each into a file of its own that is read when something of it is used
 * first: an idle device has no use for YAML, WebSockets and tar archives, and would keep their text and what they
 * make at their start in memory (docs/adr/0012).
 */
import { createRequire } from 'node:module';
import type { BuildOptions, Plugin } from 'esbuild';

const require = createRequire(import.meta.url);

/** By name, the file that holds it, without an end. */
const latePackages = new Map(['js-yaml', 'modern-tar', 'ws'].map((name) => [name, `eliotd-${name}`]));

const isLate = new RegExp(`^(?:${[...latePackages.keys()].join('|')})$`);

/** Needs `require` in the bundle's scope, and `lateFiles` beside the bundle. Only what runs after the start may use a name. */
export const packagesLate: Plugin = {
  name: 'packages-late',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: isLate }, ({ path }) => ({ path, namespace: 'late' }));
    onResolve({ filter: /^\.\/eliotd-[a-z-]+\.cjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({ contents: moduleText(path) }));
  },
};

/** How the files are built. */
export const lateFiles = {
  format: 'cjs',
  banner: {},
  outExtension: { '.js': '.cjs' },
  entryPoints: Object.fromEntries([...latePackages].map(([name, file]) => [file, name])),
} as const satisfies BuildOptions;

/** A module whose exports are looked up at each use; bundlers keep that of a CommonJS module. */
function moduleText(name: string): string {
  const load = `require(${JSON.stringify(`./${latePackages.get(name)}.cjs`)})`;
  const names = Object.keys(require(name) as object);
  const getters = names.map((key) => `get ${key}() { return ${load}.${key}; }`);
  return `module.exports = { ${getters.join(', ')} };`;
}
