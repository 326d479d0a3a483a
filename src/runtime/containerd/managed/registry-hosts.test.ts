import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { silentLogger } from '../../../lib/logger.ts';
import { registryHostsToml, writeRegistryHosts } from './registry-hosts.ts';

describe('a registry', () => {
  it('is reached by TLS unless it says plainHttp', () => {
    assert.match(registryHostsToml('r.lan:5000', { mirrors: [] }), /^server = "https:\/\/r\.lan:5000"$/m);
    assert.match(
      registryHostsToml('r.lan:5000', { mirrors: [], plainHttp: true }),
      /^server = "http:\/\/r\.lan:5000"$/m,
    );
  });

  it('has its mirrors before it, in their order, each with what belongs to it', () => {
    const toml = registryHostsToml('docker.io', {
      mirrors: [
        { url: 'https://a.lan', ca: '/etc/a.pem', auth: { username: 'me', password: 'p"w' } },
        { url: 'http://10.0.0.2:5000' },
      ],
      ca: '/etc/own.pem',
      skipVerify: true,
    });
    assert.equal(
      toml,
      `# Written by eliotd from its setting \`registries\`.
server = "https://registry-1.docker.io"
ca = "/etc/own.pem"
skip_verify = true

[host."https://a.lan"]
capabilities = ["pull", "resolve"]
ca = "/etc/a.pem"
[host."https://a.lan".header]
Authorization = "Basic bWU6cCJ3"

[host."http://10.0.0.2:5000"]
capabilities = ["pull", "resolve"]
`,
    );
  });
});

describe('the directory of registries', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'eliot-hosts-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('follows the setting, and leaves alone what was written by hand', async () => {
    const hand = join(directory, 'hand.lan');
    await mkdir(hand);
    await writeFile(join(hand, 'hosts.toml'), 'server = "https://other.lan"\n');
    const write = (registries: Parameters<typeof writeRegistryHosts>[1]) =>
      writeRegistryHosts(directory, registries, silentLogger);
    await write({
      'r.lan:5000': { mirrors: [], plainHttp: true },
      'hand.lan': { mirrors: [], plainHttp: true },
      'login-only.lan': { mirrors: [] },
    });
    assert.deepEqual((await readdir(directory)).sort(), ['hand.lan', 'r.lan:5000']);
    assert.equal(await readFile(join(hand, 'hosts.toml'), 'utf8'), 'server = "https://other.lan"\n');
    assert.equal((await stat(join(directory, 'r.lan:5000', 'hosts.toml'))).mode & 0o777, 0o600);
    await write({});
    assert.deepEqual(await readdir(directory), ['hand.lan']);
  });
});
