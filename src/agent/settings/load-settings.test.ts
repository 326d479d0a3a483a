import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadSettings, type SettingsInput } from './load-settings.ts';
import { splitListenAddress } from './settings.ts';

const input = (change: Partial<SettingsInput> = {}): SettingsInput => ({
  args: [],
  env: {},
  readFile: () => '',
  hostname: 'pi',
  ...change,
});

describe('settings', () => {
  it('have the defaults of the command contract', () => {
    const settings = loadSettings(input());
    assert.equal(settings.dataDir, '/var/lib/eliot');
    assert.equal(settings.runDir, '/run/eliot');
    assert.equal(settings.listen, '0.0.0.0:6443');
    assert.equal(settings.containerd, 'managed');
    assert.equal(settings.podCidr, '10.85.0.0/16');
    assert.equal(settings.bridge, 'eliot0');
    assert.equal(settings.discovery, true);
    assert.equal(settings.logLevel, 'info');
    assert.equal(settings.nodeName, 'pi');
    assert.equal(settings.nodeStatusUpdateFrequency, 10_000);
  });

  it('let twice as many pods wait or run as the node runs, unless they say otherwise', () => {
    const podQuota = (file: string): number =>
      loadSettings(input({ args: ['--config', '/c'], readFile: () => file })).podQuota;
    assert.deepEqual([podQuota('{}'), podQuota('maxPods: 40'), podQuota('maxPods: 40\npodQuota: 50')], [220, 80, 50]);
  });

  it('take a flag over the environment, and the environment over the file', () => {
    const readFile = (): string => 'dataDir: /file\nrunDir: /file\nlisten: 127.0.0.1:1\n';
    const env = { ELIOT_DATA_DIR: '/env', ELIOT_RUN_DIR: '/env', ELIOT_CONFIG: '/etc/eliot.yaml' };
    const settings = loadSettings(input({ args: ['--data-dir', '/flag'], env, readFile }));
    assert.equal(settings.dataDir, '/flag');
    assert.equal(settings.runDir, '/env');
    assert.equal(settings.listen, '127.0.0.1:1');
  });

  it('read the spelling of the flag in the file too', () => {
    const settings = loadSettings(input({ args: ['--config', '/c'], readFile: () => 'data-dir: /x\n' }));
    assert.equal(settings.dataDir, '/x');
  });

  it('may be in a file that says nothing, and must not be in several documents', () => {
    const podCidr = (file: string): string =>
      loadSettings(input({ args: ['--config', '/c'], readFile: () => file })).podCidr;
    for (const file of ['', '# podCidr: 10.0.0.0/8\n', '---\n']) assert.equal(podCidr(file), '10.85.0.0/16', file);
    assert.throws(() => podCidr('podCidr: 10.0.0.0/8\n---\nmaxPods: 2\n'), {
      message: 'config file /c: must hold a mapping of settings',
    });
  });

  it('read labels as KEY=VALUE pairs and as a mapping', () => {
    assert.deepEqual(loadSettings(input({ args: ['--labels', 'a=b,c=d=e'] })).labels, { a: 'b', c: 'd=e' });
    const readFile = (): string => 'labels:\n  zone: kitchen\n';
    assert.deepEqual(loadSettings(input({ args: ['--config', '/c'], readFile })).labels, { zone: 'kitchen' });
  });

  it('turn discovery off by flag and by environment', () => {
    assert.equal(loadSettings(input({ args: ['--no-discovery'] })).discovery, false);
    assert.equal(loadSettings(input({ env: { ELIOT_DISCOVERY: 'false' } })).discovery, false);
  });

  it('make a node name of any host name', () => {
    assert.equal(loadSettings(input({ hostname: 'My_Pi.local' })).nodeName, 'my-pi.local');
    assert.equal(loadSettings(input({ hostname: '___' })).nodeName, 'eliot');
  });

  it('read how registries are reached, a mirror as a URL alone or with what belongs to it', () => {
    const readFile = (): string => `
registries:
  docker.io:
    mirrors: [http://10.0.0.2:5000, { url: https://m.lan, ca: /etc/m.pem }]
    auth: { username: me, password: secret }
`;
    assert.deepEqual(loadSettings(input({ args: ['--config', '/c'], readFile })).registries, {
      'docker.io': {
        mirrors: [{ url: 'http://10.0.0.2:5000' }, { url: 'https://m.lan', ca: '/etc/m.pem' }],
        auth: { username: 'me', password: 'secret' },
      },
    });
  });

  it('refuse thresholds of images the wrong way round', () => {
    const readFile = (): string => 'imageGCHighThresholdPercent: 70';
    assert.throws(() => loadSettings(input({ args: ['--config', '/c'], readFile })), {
      message: 'imageGCLowThresholdPercent: 80 must be less than imageGCHighThresholdPercent, which is 70',
    });
  });

  for (const { text, message } of [
    { text: '{ r.lan: { mirors: [] } }', message: '/c: registries.r.lan.mirors: unknown setting' },
    { text: '{ r.lan: { ca: own.pem } }', message: '/c: registries.r.lan.ca: "own.pem" must be an absolute path' },
    {
      text: '{ "https://r.lan": {} }',
      message: /^\/c: registries\.https:\/\/r\.lan: "https:\/\/r\.lan" must be the host/,
    },
    {
      text: '{ r.lan: { mirrors: [m.lan] } }',
      message: /^\/c: registries\.r\.lan\.mirrors\.0: "m\.lan" must be a URL/,
    },
  ]) {
    it(`name the place in registries: ${text}`, () => {
      const readFile = (): string => `registries: ${text}`;
      assert.throws(() => loadSettings(input({ args: ['--config', '/c'], readFile })), { message });
    });
  }

  for (const { why, change, message } of [
    { why: 'an unknown flag', change: { args: ['--nope'] }, message: /Unknown option '--nope'/ },
    { why: 'a word that is no flag', change: { args: ['start'] }, message: /'start'/ },
    {
      why: 'an unknown key',
      change: { args: ['--config', '/c'], readFile: () => 'datadir: /x' },
      message: /^\/c: datadir: unknown setting; known are .*dataDir/,
    },
    {
      why: 'a file that is no YAML',
      change: { args: ['--config', '/c'], readFile: () => 'a: [1' },
      message: /^config file \/c: /,
    },
    {
      why: 'a file that holds a list',
      change: { args: ['--config', '/c'], readFile: () => '- a' },
      message: /must hold a mapping/,
    },
    {
      why: 'a wrong type',
      change: { args: ['--config', '/c'], readFile: () => 'maxPods: many' },
      message: /^\/c: maxPods: "many" /,
    },
    {
      why: 'a port out of range',
      change: { args: ['--listen', '1.2.3.4:70000'] },
      message: /^--listen: "1.2.3.4:70000" must be HOST:PORT/,
    },
    { why: 'a bad network', change: { env: { ELIOT_POD_CIDR: '10.300.0.0/16' } }, message: /^ELIOT_POD_CIDR: / },
    {
      why: 'a long bridge name',
      change: { args: ['--bridge', 'a'.repeat(16)] },
      message: /^--bridge: .*15 characters/,
    },
    {
      why: 'a label without a value',
      change: { args: ['--labels', 'foo'] },
      message: /^--labels: "foo" is not KEY=VALUE/,
    },
    {
      why: 'a relative path',
      change: { args: ['--data-dir', 'x'] },
      message: /^--data-dir: "x" must be an absolute path/,
    },
    { why: 'a bad log level', change: { args: ['--log-level', 'loud'] }, message: /^--log-level: "loud"/ },
  ]) {
    it(`refuse ${why} with one clear line`, () => {
      assert.throws(
        () => loadSettings(input(change)),
        (error: Error) => message.test(error.message) && !error.message.includes('\n'),
      );
    });
  }

  it('split a listen address with its brackets removed', () => {
    assert.deepEqual(splitListenAddress('[::1]:6443'), { host: '::1', port: 6443 });
    assert.deepEqual(splitListenAddress('0.0.0.0:0'), { host: '0.0.0.0', port: 0 });
  });
});
