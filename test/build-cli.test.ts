/** The bundle of `eli` starts from code that V8 kept when it was built. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Script } from 'node:vm';
import { buildCli } from '../scripts/build-cli.ts';
import { builtinsByRequire } from '../scripts/builtins-by-require.ts';
import { smallVerbs } from '../src/bin/small-program.ts';

describe('the bundle of eli', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-cli-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  before(() =>
    buildCli(
      {
        absWorkingDir: join(import.meta.dirname, '..'),
        bundle: true,
        minify: true,
        platform: 'node',
        define: { ELIOT_VERSION: '"1.2.3"' },
        plugins: [builtinsByRequire],
      },
      directory,
    ),
  );

  const eli = (): string =>
    execFileSync(process.execPath, [join(directory, 'eli.cjs'), 'version', '--client'], { encoding: 'utf8' });

  it('has code that this Node takes', () => {
    for (const program of ['eli-small', 'eli-program']) {
      const source = readFileSync(join(directory, `${program}.cjs`), 'latin1');
      const cachedData = readFileSync(join(directory, `${program}.cache`));
      assert.equal(new Script(source, { cachedData }).cachedDataRejected, false, program);
    }
    assert.match(eli(), /1\.2\.3/);
  });

  it('works the same with code of another Node, and with none', () => {
    const cache = join(directory, 'eli-small.cache');
    copyFileSync(cache, `${cache}.kept`);
    writeFileSync(cache, Buffer.alloc(1000));
    assert.match(eli(), /1\.2\.3/);
    rmSync(cache);
    assert.match(eli(), /1\.2\.3/);
    copyFileSync(`${cache}.kept`, cache);
  });

  it('finds the packages that stand apart', () => {
    // Written as only the YAML library reads it.
    const kubeconfig = join(directory, 'kubeconfig');
    writeFileSync(kubeconfig, 'kind: Config\ncontexts: [{name: "pi", context: {}}]\n');
    const { stderr } = spawnSync(
      process.execPath,
      [join(directory, 'eli.cjs'), 'get', 'pods', '--kubeconfig', kubeconfig],
      { encoding: 'utf8' },
    );
    assert.match(stderr, /no current-context - name one with --context \(pi\)/);
  });

  it('runs the verbs of its small program, and has every other in the large one', () => {
    const run = (...args: string[]): string => {
      const { stdout, stderr } = spawnSync(process.execPath, [join(directory, 'eli.cjs'), ...args], {
        encoding: 'utf8',
        env: { ELIOT_RUN_DIR: '/nonexistent' },
      });
      return stdout + stderr;
    };
    for (const verb of smallVerbs) assert.match(run(verb, '--help'), new RegExp(`^Usage: eli ${verb}`));
    assert.match(run('get', 'pods'), /no device found/);
    for (const verb of ['describe', 'logs', 'apply'])
      assert.match(run(verb, '--help'), new RegExp(`^Usage: eli ${verb}`));
    assert.match(run('completion', 'bash'), /__complete/);
    assert.ok(statSync(join(directory, 'eli-small.cjs')).size < statSync(join(directory, 'eli-program.cjs')).size / 2);
  });

  it('is ASCII, as it is read as Latin-1', () => {
    for (const program of ['eli-small.cjs', 'eli-program.cjs']) {
      assert.doesNotMatch(readFileSync(join(directory, program), 'latin1'), /[\x80-\xff]/);
    }
  });
});
