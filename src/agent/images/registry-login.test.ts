import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Secret } from '../../api/kinds/secret.ts';
import { registryLogins } from './registry-login.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secretOf = (auths: Record<string, unknown>): Secret =>
  ({ data: { '.dockerconfigjson': base64(JSON.stringify({ auths })) } }) as unknown as Secret;
const login = (user: string) => ({ username: user, password: 'p' });
const users = (image: string, auths: Record<string, unknown>): string[] =>
  registryLogins(image, [secretOf(auths)], new Map()).map(({ username }) => username);

describe('a login is for', () => {
  for (const { key, image, found } of [
    { key: 'reg.example', image: 'reg.example/app:1', found: true },
    { key: 'reg.example', image: 'reg.example:5000/app:1', found: false },
    { key: 'reg.example:5000', image: 'reg.example:5000/app:1', found: true },
    { key: 'https://reg.example/v1/', image: 'reg.example/app:1', found: true },
    { key: 'https://index.docker.io/v1/', image: 'busybox', found: true },
    { key: 'docker.io', image: 'acme/app', found: true },
    { key: '*.example', image: 'reg.example/app:1', found: true },
    { key: '*.example', image: 'a.reg.example/app:1', found: false },
    { key: 'reg.*', image: 'reg.example/app:1', found: true },
    { key: 'reg.example/team', image: 'reg.example/team/app:1', found: true },
    { key: 'reg.example/team', image: 'reg.example/teams/app:1', found: false },
  ]) {
    it(`${key} is ${found ? '' : 'not '}for ${image}`, () => {
      assert.deepEqual(users(image, { [key]: login('me') }), found ? ['me'] : []);
    });
  }
});

it('tries the longest path first, then what the node has', () => {
  const secrets = [secretOf({ 'reg.example': login('all'), 'reg.example/team': login('team') })];
  const node = new Map([['reg.example', { username: 'node', password: 'n' }]]);
  const found = registryLogins('reg.example/team/app', secrets, node).map(({ username }) => username);
  assert.deepEqual(found, ['team', 'all', 'node']);
});

it('reads the old form, and user and password in one', () => {
  const old = { data: { '.dockercfg': base64(JSON.stringify({ 'r.example': { auth: base64('me:a:b') } })) } };
  assert.deepEqual(registryLogins('r.example/x', [old as unknown as Secret], new Map()), [
    { username: 'me', password: 'a:b' },
  ]);
});

it('passes over secrets that cannot be read', () => {
  const broken = { data: { '.dockerconfigjson': base64('{') } } as unknown as Secret;
  assert.deepEqual(registryLogins('r.example/x', [broken], new Map()), []);
});
