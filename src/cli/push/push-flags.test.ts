import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseBuilding, parseEngine, parsePushedName } from './push-flags.ts';

describe('the flags of eli push', () => {
  it('say how a directory becomes an image', () => {
    assert.deepEqual(parseBuilding({ directory: '.', base: 'node:24', cmd: '["node","a b.js"]', env: ['A=1'] }), {
      directory: '.',
      base: 'node:24',
      to: '/app',
      entrypoint: undefined,
      cmd: ['node', 'a b.js'],
      workingDir: '/app',
      env: ['A=1'],
    });
    const { to, workingDir, entrypoint } =
      parseBuilding({ directory: '.', workdir: '/srv', entrypoint: 'exec a' }) ?? {};
    assert.deepEqual([to, workingDir, entrypoint], ['/srv', '/srv', ['/bin/sh', '-c', 'exec a']]);
    assert.equal(parseBuilding({}), undefined);
  });

  for (const [flags, message] of [
    [{ base: 'node:24' }, /--base says how a directory becomes an image: add --directory DIR/],
    [{ env: ['A=1'] }, /--env says how/],
    [{ directory: '.', from: 'docker' }, /add --base NAME/],
    [{ directory: '.', to: 'app' }, /--to app: expected an absolute path/],
    [{ directory: '.', to: '/app/../../etc' }, /expected an absolute path, without "\.\."/],
    [{ directory: '.', env: ['=1'] }, /--env =1: expected NAME=value/],
    [{ directory: '.', cmd: '["node"' }, /expected a line for the shell, or a list/],
    [{ directory: '.', cmd: '[1]' }, /expected a line for the shell, or a list/],
  ] as const) {
    it(`are refused as ${JSON.stringify(flags)}`, () => assert.throws(() => parseBuilding(flags), message));
  }

  it('name an engine that there is, and images that have a tag', () => {
    assert.equal(parseEngine('podman'), 'podman');
    assert.throws(() => parseEngine('rkt'), /expected docker or podman/);
    assert.equal(parsePushedName('web'), 'docker.io/library/web:latest');
    assert.throws(() => parsePushedName(`web@sha256:${'a'.repeat(64)}`), /needs a tag, not a digest/);
  });
});
