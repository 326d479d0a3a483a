import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { makeTokenKey } from '../../testing/token-key.ts';
import { issuer, ServiceAccountTokens, type TokenObjects, type TokenWish } from './service-account-tokens.ts';
import type { Now } from './token-life.ts';

describe('service account tokens', () => {
  const key = makeTokenKey();
  let uids: Record<string, string>;
  let annotations: Record<string, string>;
  let now: Now;
  let tokens: ServiceAccountTokens;

  beforeEach(() => {
    uids = { robot: 'u1', web: 'p1', key: 's1', device: 'n1' };
    annotations = {};
    now = { wall: 1_000_000.7, boot: 'b', sinceBoot: 50 };
    const find = async ({ name }: { name: string }) =>
      uids[name] === undefined ? undefined : { metadata: { name, uid: uids[name], annotations } };
    const objects = { serviceAccount: find, pod: find, secret: find, node: find } as unknown as TokenObjects;
    tokens = new ServiceAccountTokens({ key, objects, now: () => now, newTokenId: () => 'id-1' });
  });

  const wish = (change: Partial<TokenWish> = {}): TokenWish => ({
    namespace: 'shop',
    serviceAccount: { name: 'robot', uid: 'u1' },
    audiences: [],
    expirationSeconds: 600,
    ...change,
  });
  const issue = (change: Partial<TokenWish> = {}): string => tokens.issue(wish(change)).token;
  const whyBad = async (token: string, audiences?: readonly string[]): Promise<string | undefined> => {
    const verdict = await tokens.authenticate(token, audiences);
    assert.equal(verdict.kind, 'Bad');
    return verdict.kind === 'Bad' ? verdict.why : undefined;
  };

  it('have the claims that Kubernetes gives them', () => {
    const { token, expiresAt } = tokens.issue(
      wish({ pod: { name: 'web', uid: 'p1' }, node: { name: 'device', uid: 'n1' } }),
    );
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    assert.equal(expiresAt, 1_000_600);
    assert.deepEqual(claims, {
      aud: [issuer],
      exp: 1_000_600,
      iat: 1_000_000,
      iss: issuer,
      jti: 'id-1',
      'kubernetes.io': {
        namespace: 'shop',
        node: { name: 'device', uid: 'n1' },
        pod: { name: 'web', uid: 'p1' },
        serviceaccount: { name: 'robot', uid: 'u1' },
      },
      nbf: 1_000_000,
      sub: 'system:serviceaccount:shop:robot',
      'eliot.run': { boot: 'b', sinceBoot: 50 },
    });
  });

  it('make their holder the account, with its groups and what it is bound to', async () => {
    const verdict = await tokens.authenticate(
      issue({ pod: { name: 'web', uid: 'p1' }, node: { name: 'device', uid: 'n1' } }),
    );
    assert.deepEqual(verdict, {
      kind: 'Good',
      audiences: [issuer],
      user: {
        username: 'system:serviceaccount:shop:robot',
        uid: 'u1',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/credential-id': ['JTI=id-1'],
          'authentication.kubernetes.io/node-name': ['device'],
          'authentication.kubernetes.io/node-uid': ['n1'],
          'authentication.kubernetes.io/pod-name': ['web'],
          'authentication.kubernetes.io/pod-uid': ['p1'],
        },
      },
    });
  });

  it('carry the role that the account has now', async () => {
    const token = issue();
    annotations['eliot.run/role'] = 'cluster-admin';
    const verdict = await tokens.authenticate(token);
    assert.ok(verdict.kind === 'Good' && verdict.user.groups.includes('system:masters'));
    annotations = {};
    const later = await tokens.authenticate(token);
    assert.ok(later.kind === 'Good' && !later.user.groups.includes('system:masters'));
  });

  it('are for their audience only', async () => {
    const token = issue({ audiences: ['vault', 'db'] });
    assert.equal(
      await whyBad(token),
      `[invalid bearer token, token audiences ["vault" "db"] is invalid for the target audiences ["${issuer}"]]`,
    );
    const verdict = await tokens.authenticate(token, ['db', 'other']);
    assert.deepEqual(verdict.kind === 'Good' && verdict.audiences, ['db']);
  });

  it('end with their time', async () => {
    const token = issue();
    now = { ...now, sinceBoot: 651 };
    assert.equal(await whyBad(token), '[invalid bearer token, service account token has expired]');
  });

  for (const [what, name, change] of [
    ['pod', 'web', { pod: { name: 'web', uid: 'p1' } }],
    ['Secret', 'key', { secret: { name: 'key', uid: 's1' } }],
    ['node', 'device', { node: { name: 'device', uid: 'n1' } }],
  ] as const) {
    it(`end with the ${what} that they are bound to, and another of its name is none`, async () => {
      const token = issue(change);
      assert.equal((await tokens.authenticate(token)).kind, 'Good');
      uids[name] = 'another';
      assert.equal(await whyBad(token), '[invalid bearer token, service account token has been invalidated]');
      delete uids[name];
      assert.equal(await whyBad(token), '[invalid bearer token, service account token has been invalidated]');
    });
  }

  it('end with their account, and another of its name is another', async () => {
    const token = issue();
    uids['robot'] = 'u2';
    assert.match((await whyBad(token)) ?? '', /service account UID \(u2\) does not match claim \(u1\)/);
    delete uids['robot'];
    assert.match((await whyBad(token)) ?? '', /serviceaccounts "robot" not found/);
  });

  it('need not be ours: of strange ones nothing is said', async () => {
    for (const token of ['', 'abc', 'a.b.c']) assert.equal(await whyBad(token), undefined);
  });
});
