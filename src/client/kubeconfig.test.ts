import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isStatusError } from '../lib/status-error.ts';
import { type KubeconfigTarget, loadKubeconfig } from './kubeconfig.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Files in memory; anything else does not exist. */
function load(files: Readonly<Record<string, string>>, context?: string): Promise<KubeconfigTarget> {
  return loadKubeconfig({
    paths: Object.keys(files).filter((path) => path.endsWith('config')),
    context,
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      if (text === '<forbidden>') throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      return Buffer.from(text);
    },
  });
}

interface Parts {
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly name?: string;
}

function config({ cluster = {}, user = {}, context = {}, name = 'pi' }: Parts = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `https://${name}:6443`, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, ...context } }],
    'current-context': name,
  });
}

async function complaint(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isStatusError(error), 'a StatusError is expected');
  return error.message;
}

describe('a kubeconfig', () => {
  it('gives the server, the credentials and the namespace of its current context', async () => {
    const target = await load({
      '/a/config': config({
        cluster: { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'pi.local' },
        user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
        context: { namespace: 'work' },
      }),
    });
    assert.deepEqual(target, {
      contextName: 'pi',
      namespace: 'work',
      transport: {
        server: 'https://pi:6443',
        ca: Buffer.from('CA'),
        serverName: 'pi.local',
        cert: Buffer.from('CERT'),
        key: Buffer.from('KEY'),
      },
    });
  });

  it('may name files, which are looked for beside it', async () => {
    const target = await load({
      '/a/config': config({
        cluster: { 'certificate-authority': 'pki/ca.crt' },
        user: { 'client-certificate': '/b/cert', 'client-key': '../b/key', tokenFile: 'token' },
      }),
      '/a/pki/ca.crt': 'CA',
      '/b/cert': 'CERT',
      '/b/key': 'KEY',
      '/a/token': 'secret\n',
    });
    assert.equal(String(target.transport.ca), 'CA');
    assert.equal(String(target.transport.cert), 'CERT');
    assert.equal(String(target.transport.key), 'KEY');
    assert.equal(target.transport.token, 'secret');
  });

  it('is merged with others: the first that names a thing wins, missing files are skipped', async () => {
    const files = { '/1/config': config({ name: 'one' }), '/2/config': config({ name: 'two' }) };
    assert.equal((await load(files)).transport.server, 'https://one:6443');
    assert.equal((await load(files, 'two')).transport.server, 'https://two:6443');
  });

  it('may be YAML', async () => {
    const yaml = `kind: Config
clusters: [{name: c, cluster: {server: "https://h:1", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: t}}]
contexts:
- name: x
  context: {cluster: c, user: u}
current-context: x
`;
    assert.deepEqual((await load({ '/config': yaml })).transport, {
      server: 'https://h:1',
      insecureSkipTlsVerify: true,
      token: 't',
    });
  });

  it('says NotFound, with the names there are, when no context has that name', async () => {
    await assert.rejects(load({ '/config': config() }, 'other'), (error) => {
      assert.ok(isStatusError(error, 'NotFound'));
      assert.equal(error.message, '/config: no context named "other" (there is: pi)');
      return true;
    });
  });

  const wrong: readonly { readonly what: string; readonly text: string; readonly says: RegExp }[] = [
    { what: 'is no YAML', text: 'a: [', says: /^\/config: / },
    { what: 'is something else', text: 'kind: Pod', says: /\/config: is no kubeconfig/ },
    { what: 'cannot be read', text: '<forbidden>', says: /cannot read \/config: permission denied/ },
    { what: 'has no current context', text: '{"kind":"Config"}', says: /no current-context - name one with --context/ },
    {
      what: 'names a missing cluster',
      text: config({ context: { cluster: 'x' } }),
      says: /no cluster named "x" \(there is: pi\)/,
    },
    { what: 'names a missing user', text: config({ context: { user: 'x' } }), says: /no user named "x"/ },
    {
      what: 'has no server',
      text: config({ cluster: { server: '' } }),
      says: /clusters\[pi\]\.cluster\.server is missing/,
    },
    {
      what: 'names a missing file',
      text: config({ cluster: { 'certificate-authority': 'ca' } }),
      says: /clusters\[pi\]\.cluster\.certificate-authority: no such file: \/ca/,
    },
    {
      what: 'has bad base64',
      text: config({ user: { 'client-key-data': '%%' } }),
      says: /users\[pi\]\.user\.client-key-data is no base64/,
    },
    {
      what: 'has a key without a certificate',
      text: config({ user: { 'client-key-data': base64('k') } }),
      says: /client key without a certificate/,
    },
    {
      what: 'has a number for a token',
      text: config({ user: { token: 5 } }),
      says: /users\[pi\]\.user\.token must be a string/,
    },
    {
      what: 'wants a program to be run',
      text: config({ user: { exec: {} } }),
      says: /users\[pi\]\.user\.exec is not supported/,
    },
    {
      what: 'wants to act as somebody else',
      text: config({ user: { as: 'root' } }),
      says: /user\.as is not supported/,
    },
    {
      what: 'wants a proxy',
      text: config({ cluster: { 'proxy-url': 'http://p' } }),
      says: /proxy-url is not supported/,
    },
    { what: 'has a list that is none', text: '{"kind":"Config","clusters":{}}', says: /clusters must be a list/ },
    { what: 'has a nameless user', text: '{"kind":"Config","users":[{}]}', says: /users\[0\]\.name is missing/ },
    { what: 'is huge', text: `kind: Config\n#${'x'.repeat(1024 * 1024)}`, says: /larger than 1048576 bytes/ },
  ];
  for (const { what, text, says } of wrong) {
    it(`that ${what} is refused by file and key`, async () => {
      assert.match(await complaint(load({ '/config': text })), says);
    });
  }

  it('that is nowhere is said to be', async () => {
    const missing = loadKubeconfig({
      paths: ['/none'],
      readFile: () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
    });
    assert.equal(await complaint(missing), 'no such kubeconfig file: /none');
  });
});
