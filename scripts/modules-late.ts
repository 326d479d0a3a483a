/**
 * Takes parts of eliotd that an idle device has no use for out of what it loads at its start: each group of modules
 * becomes a file of its own, which is read when something of it is used first (docs/adr/0051). The sources know nothing
 * of it: who imports such a module gets functions that look theirs up.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { BuildOptions, OnLoadResult, Plugin } from 'esbuild';

/** By the file's name, the modules below `src/` that whoever else uses by their functions and classes only. */
export const lateGroups: Readonly<Record<string, readonly string[]>> = {
  commands: [
    'agent/reset.ts',
    'agent/identity/renew-identity.ts',
    'agent/pairing/ask-for-code.ts',
    'agent/pairing/pair-arguments.ts',
  ],
  streams: [
    'apiserver/streams/stream-upgrader.ts',
    'runtime/containerd/streams/attach.ts',
    'runtime/containerd/streams/exec.ts',
    'runtime/containerd/streams/port-forward.ts',
  ],
  images: [
    'apiserver/requests/image-archive.ts',
    'apiserver/requests/image-content.ts',
    'apiserver/requests/image-layer.ts',
    'apiserver/requests/image-pull.ts',
    'apiserver/requests/image-push.ts',
    'runtime/containerd/images/export-archive.ts',
    'runtime/containerd/images/import-archive.ts',
    'runtime/containerd/images/pull-image.ts',
  ],
  changes: [
    'api/patch/json-patch.ts',
    'api/schema/decode-protobuf.ts',
    'api/schema/strategic-merge.ts',
    'apiserver/registry/apply.ts',
    'apiserver/registry/evict.ts',
    'apiserver/registry/scale.ts',
    'apiserver/requests/binding.ts',
    'apiserver/requests/bundle.ts',
    'apiserver/requests/eviction.ts',
    'apiserver/requests/pod-signal.ts',
    'apiserver/requests/reviews.ts',
    'apiserver/requests/scale.ts',
    'apiserver/requests/token-request.ts',
  ],
  deployments: ['controllers/deployment/sync-deployment.ts', 'controllers/replica-set/manage-replicas.ts'],
  pods: [
    'api/kinds/pod/validation/ephemeral-containers.ts',
    'api/kinds/pod/validation/pod-update.ts',
    'api/kinds/pod/validation/pod.ts',
    'api/kinds/pod/validation/spec.ts',
  ],
  metrics: ['agent/stats/prometheus-text.ts'],
  sources: ['agent/sources/apply-source.ts'],
};

/**
 * What is loaded at the start in any case, and does nothing by being loaded. Whatever is loaded late imports it, so that
 * all of it is one file, and not one for each set of groups that share a part.
 */
const core = ['agent/agent.ts', 'agent/settings/load-settings.ts', 'lib/json-logger.ts'];

/** How a build is told of the groups, which become files `eliotd-late-….js` beside the program. */
export interface LateModules {
  readonly entryPoints: Readonly<Record<string, string>>;
  readonly plugin: Plugin;
}

/**
 * @param sources path of `src`
 * @param buildId in the files' names: a program that runs on while its files are replaced must not take those of another
 */
export function lateModules(sources: string, buildId: string): LateModules {
  const groupOf = new Map(
    Object.entries(lateGroups).flatMap(([group, files]) => files.map((file) => [resolve(sources, file), group])),
  );
  const fileOf = (group: string): string => `eliotd-late-${group}-${buildId}`;
  const plugin: Plugin = {
    name: 'modules-late',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^late:/ }, ({ path }) => ({ path: path.slice('late:'.length), namespace: 'late-group' }));
      onLoad({ filter: /.*/, namespace: 'late-group' }, ({ path }) => ({
        contents: [
          ...(lateGroups[path] ?? []).map((file) => exportAll(join(sources, file))),
          coreImports(sources),
        ].join('\n'),
        resolveDir: sources,
        loader: 'ts',
      }));
      onResolve({ filter: /^\.\/eliotd-late-/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir, importer, namespace }) => {
        const target = join(resolveDir, path);
        const group = groupOf.get(target);
        if (group === undefined || namespace === 'late-group' || groupOf.get(importer) === group) return undefined;
        return { path: target, namespace: 'late-module', pluginData: fileOf(group), sideEffects: false };
      });
      onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir, kind }) =>
        kind === 'dynamic-import' ? { path: join(resolveDir, path), pluginData: 'dynamic' } : undefined,
      );
      onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path, pluginData }) =>
        pluginData === 'dynamic'
          ? { contents: `${readFileSync(path, 'utf8')}\n${coreImports(sources)}`, loader: 'ts' }
          : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'late-module' }, ({ path, pluginData }) =>
        standInFor(path, `./${String(pluginData)}.js`),
      );
    },
  };
  const entryPoints = Object.fromEntries(Object.keys(lateGroups).map((group) => [fileOf(group), `late:${group}`]));
  return { entryPoints, plugin };
}

/** Options of the build that has both the program and the groups. */
export const splitBuild = { splitting: true, chunkNames: 'eliotd-[name]-[hash]' } as const satisfies BuildOptions;

function coreImports(sources: string): string {
  return core.map((file) => `import ${JSON.stringify(join(sources, file))};`).join('\n');
}

function exportAll(path: string): string {
  return `export * from ${JSON.stringify(path)};`;
}

/** A module with the same functions and classes, that loads the file at the first use of one. */
function standInFor(path: string, file: string): OnLoadResult {
  const text = readFileSync(path, 'utf8');
  const exported = [...text.matchAll(/^export (?:async )?(const|class|function\*?) (\w+)/gm)];
  const standIns = exported.map(([, what, name]) => {
    if (what === 'const') throw new Error(`${relative(dirname(path), path)} exports ${name}, which is no function`);
    const theirs = `load().${name}`;
    const use = what === 'class' ? `Reflect.construct(${theirs}, args)` : `${theirs}(...args)`;
    return `export function ${name}(...args) { return ${use}; }`;
  });
  return {
    contents: `
      let loaded;
      function load() {
        try {
          return (loaded ??= require(${JSON.stringify(file)}));
        } catch (cause) {
          throw new Error('eliotd cannot read its own files; if it was updated, start it again', { cause });
        }
      }
      ${standIns.join('\n')}
    `,
  };
}
