/**
 * Makes an ES module bundle take Node's own modules as `require` gives them.
 *
 * Node makes an ES module of a builtin by reading each of its exports, lazy ones included: `import 'node:http'` loads
 * undici (WebSocket) and web streams, `import 'node:crypto'` WebCrypto. That is megabytes which nobody uses. Here each
 * name that is used is read by itself.
 */
import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

const require = createRequire(import.meta.url);

/** Imports of `node:…` in our sources and in ES module packages. Needs `require` in the bundle's scope. */
export const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin', sideEffects: false } : { path, external: true },
    );
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: moduleText(path) }));
  },
};

/** Unused exports are dropped, and with them the reading of them. */
function moduleText(path: string): string {
  const builtin = `require(${JSON.stringify(path)})`;
  const names = Object.keys(require(path) as object).filter((name) => name !== 'default');
  return [
    `export default ${builtin};`,
    ...names.map((name) => `export const ${name} = /* @__PURE__ */ (() => ${builtin}.${name})();`),
  ].join('\n');
}
