import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { build } from 'esbuild';
import { builtinsByRequire } from '../scripts/builtins-by-require.ts';

/** What a bundled program prints on standard output. */
async function outputOf(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program },
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    plugins: [builtinsByRequire],
    write: false,
  });
  const text = outputFiles[0]?.text ?? '';
  return execFileSync(process.execPath, ['--input-type=module'], { input: text, encoding: 'utf8' });
}

test('an import of node:http does not load undici', async () => {
  const printed = await outputOf(`
    import { createServer } from 'node:http';
    console.log(typeof createServer, process.moduleLoadList.includes('NativeModule internal/deps/undici/undici'));
  `);
  assert.equal(printed, 'function false\n');
});

test('named, default and whole-module imports of a builtin give what they give without a bundle', async () => {
  const printed = await outputOf(`
    import assert, { equal } from 'node:assert';
    import * as path from 'node:path';
    import { readFile } from 'node:fs/promises';
    equal(typeof readFile, 'function');
    assert(path.join('a', 'b') === 'a/b');
    console.log('same');
  `);
  assert.equal(printed, 'same\n');
});

test('a package that asks by require gets the builtin itself', async () => {
  assert.equal(await outputOf(`console.log(typeof require('node:net').connect)`), 'function\n');
});
