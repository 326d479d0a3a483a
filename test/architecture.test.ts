/**
 * The dependency rules of ARCHITECTURE.md, as a test: which folder of `src/` may import which,
 * that there are no cycles, which folders may touch the machine, and how long a file may be.
 * What the maps do not allow is forbidden.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';

const src = resolve(import.meta.dirname, '../src');

const mayImport: Readonly<Record<string, readonly string[]>> = {
  gen: ['lib'],
  lib: [],
  api: ['lib'],
  store: ['api', 'lib'],
  client: ['api', 'lib', 'gen'],
  host: ['lib'],
  runtime: ['api', 'lib', 'gen', 'host'],
  controllers: ['api', 'lib', 'store', 'client'],
  apiserver: ['api', 'lib', 'gen', 'store'],
  agent: ['api', 'lib', 'store', 'client', 'apiserver', 'runtime', 'controllers', 'host'],
  cli: ['api', 'lib', 'client'],
  testing: ['api', 'lib', 'store', 'runtime'],
  bin: ['agent', 'cli', 'lib'],
};

/** Folders (or file prefixes) that may touch the machine; everybody else gets it passed in. */
const mayTouchTheMachine = [
  'lib/',
  'bin/',
  'host/',
  'runtime/containerd/',
  'store/',
  'client/transport',
  'client/local-port',
  'agent/pki/',
];
const machine =
  /from 'node:(fs|fs\/promises|net|child_process)'|\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(|\bMath\.random\(|\bprocess\.(env|exit)\b|\bconsole\./;

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();
const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.startsWith('testing/');
const folderOf = (file: string): string => file.split('/')[0] ?? '';
const read = (file: string): string => readFileSync(join(src, file), 'utf8');

/** Files of `src/` that `file` imports, types included. */
function importsOf(file: string): string[] {
  return [...read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map((match) => relative(src, resolve(join(src, dirname(file)), match[1] ?? '')))
    .filter((target) => !target.startsWith('..'));
}

/** Files whose code `file` runs: imports of types only are left out. */
function valueImportsOf(file: string): string[] {
  return [...read(file).matchAll(/^(?:import|export) (?!type )[^;]*?from '(\.[^']+)'/gms)]
    .map((match) => relative(src, resolve(join(src, dirname(file)), match[1] ?? '')))
    .filter((target) => !target.startsWith('..'));
}

describe('the architecture', () => {
  it('lets folders import only what the map allows', () => {
    const forbidden = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => folderOf(target) !== folderOf(file))
        .filter((target) => !(mayImport[folderOf(file)] ?? []).includes(folderOf(target)))
        .filter((target) => !(isTest(file) && (folderOf(target) === 'testing' || folderOf(file) === 'testing')))
        // A test may meet its unit's real neighbours.
        .filter(() => !file.endsWith('.test.ts'))
        .map((target) => `${file} → ${target}`),
    );
    assert.deepEqual(forbidden, []);
  });

  it('keeps the testing folder out of the programs', () => {
    const shipped = sources.filter((file) => !isTest(file));
    assert.deepEqual(
      shipped.filter((file) => importsOf(file).some((target) => folderOf(target) === 'testing')),
      [],
    );
  });

  it('imports only files that exist', () => {
    const missing = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.endsWith('.ts') && !existsSync(join(src, target)))
        .map((target) => `${file} → ${target}`),
    );
    assert.deepEqual(missing, []);
  });

  it('has no import cycles', () => {
    assert.deepEqual(cycles(sources.filter((file) => !file.startsWith('gen/'))), []);
  });

  it('leaves clock, files, processes, environment and console to the folders that own them', () => {
    const guilty = sources
      .filter((file) => !isTest(file) && !file.startsWith('gen/'))
      .filter((file) => !mayTouchTheMachine.some((prefix) => file.startsWith(prefix)))
      .filter((file) => machine.test(stripComments(read(file))));
    assert.deepEqual(guilty, []);
  });

  it('has no file over 500 lines', () => {
    const long = sources
      .filter((file) => !file.startsWith('gen/'))
      .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 500);
    assert.deepEqual(long, []);
  });
});

function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** Groups of files that import each other in a ring, by Tarjan's algorithm. */
function cycles(files: readonly string[]): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const target of valueImportsOf(file)) {
      if (!existsSync(join(src, target)) || target.startsWith('gen/')) continue;
      if (!index.has(target)) {
        visit(target);
        low.set(file, Math.min(low.get(file) ?? 0, low.get(target) ?? 0));
      } else if (stack.includes(target)) {
        low.set(file, Math.min(low.get(file) ?? 0, index.get(target) ?? 0));
      }
    }
    if (low.get(file) !== index.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group);
  };
  for (const file of files) if (!index.has(file)) visit(file);
  return found;
}
