import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { kubectlPath } from '../../../test/support/kubectl.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { emptyKubeconfig, putDevice, useContext } from '../devices/kubeconfig-document.ts';
import { toYaml } from '../printers/serialize.ts';

const certificate = (text: string): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(text).toString('base64')}\n-----END CERTIFICATE-----\n`;

describe('eli config', () => {
  let home: string;
  let own: string;
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'eliot-home-'));
    own = join(home, 'devices');
    const credentials = { clientCert: 'CERT', clientKey: 'KEY' };
    const pi = putDevice(emptyKubeconfig, 'pi', {
      server: 'https://10.0.0.1:6443',
      caCert: certificate('a'),
      ...credentials,
    });
    const both = putDevice(pi, 'attic', {
      server: 'https://10.0.0.2:6443',
      caCert: certificate('b'),
      ...credentials,
    });
    writeFileSync(own, await toYaml(useContext(both, 'pi')));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<EliResult> =>
    eli(['config', ...args], { env: { HOME: home, ELI_KUBECONFIG: own, ...env } });
  const works = async (...args: readonly string[]): Promise<string> => {
    const result = await run(args);
    assert.equal(result.exitCode, 0, result.stderr);
    return result.stdout;
  };
  const kubectl = (...args: readonly string[]): string =>
    execFileSync(kubectlPath(), args, { encoding: 'utf8', env: { HOME: home } });

  it('view shows the devices and where they are', async () => {
    assert.equal(
      await works('view'),
      `CURRENT   NAME    SERVER                  NAMESPACE
*         pi      https://10.0.0.1:6443   
          attic   https://10.0.0.2:6443   
`,
    );
    assert.equal(await works('view', '-o', 'name'), 'pi\nattic\n');
    const nobody = await run(['view'], { ELI_KUBECONFIG: join(home, 'none') });
    assert.deepEqual(nobody, { exitCode: 0, stdout: '', stderr: 'No devices paired yet.\n' });
  });

  it('view -o yaml and json say what kubectl config view says', async () => {
    for (const flags of [[], ['--minify'], ['--raw']]) {
      const theirs = (format: string): string => kubectl('config', 'view', '--kubeconfig', own, '-o', format, ...flags);
      assert.equal(await works('view', '-o', 'yaml', ...flags), theirs('yaml'));
      assert.deepEqual(JSON.parse(await works('view', '-o', 'json', ...flags)), JSON.parse(theirs('json')));
    }
  });

  it('use chooses a device, and says so when KUBECONFIG goes before it', async () => {
    assert.equal(await works('use', 'attic'), 'Switched to context "attic".\n');
    assert.equal(kubectl('config', 'current-context', '--kubeconfig', own), 'attic\n');
    assert.match((await run(['use', 'pi'], { KUBECONFIG: '/x' })).stderr, /^Warning: KUBECONFIG is set/);
    const wrong = await run(['use', 'nope']);
    assert.equal(wrong.exitCode, 1);
    assert.equal(wrong.stderr, 'error: no context exists with the name: "nope"\n  there is: pi, attic\n');
  });

  it('set changes the namespace or the address of the chosen device', async () => {
    assert.equal(await works('set', 'namespace', 'sensors'), 'Context "pi" modified.\n');
    assert.equal(
      await works('set', 'server', 'https://10.9.9.9:1', '--context', 'attic'),
      'Context "attic" modified.\n',
    );
    assert.match(await works('view'), /pi +https:\/\/10\.0\.0\.1:6443 +sensors\n +attic +https:\/\/10\.9\.9\.9:1 /);
    for (const [args, says] of [
      [['set', 'color', 'red'], /nothing named "color" can be set/],
      [['set', 'namespace', 'Bad_Name'], /cannot be the name of a namespace: a lowercase RFC 1123 label/],
      [['set', 'server', '10.0.0.1'], /no address of a device\n {2}for example/],
      [['set', 'server', 'http://10.0.0.1'], /no address of a device/],
      [['set', 'namespace'], /missing required argument 'value'/],
    ] as const) {
      const { exitCode, stderr } = await run(args);
      assert.equal(exitCode, 1);
      assert.match(stderr, says);
    }
  });

  it('rename-context calls a device otherwise, in the words of kubectl', async () => {
    assert.equal(await works('rename-context', 'pi', 'roof'), 'Context "pi" renamed to "roof".\n');
    assert.match(await works('view'), /\* +roof +https:\/\/10\.0\.0\.1:6443/);
    assert.equal(kubectl('config', 'view', '--kubeconfig', own, '-o', 'jsonpath={.users[*].name}'), 'attic roof');
    const refusals = [
      [['pi', 'x'], `cannot rename the context "pi", it's not in ${own}`],
      [['roof', 'attic'], `cannot rename the context "roof", the context "attic" already exists in ${own}`],
    ] as const;
    for (const [names, says] of refusals) {
      const { exitCode, stderr } = await run(['rename-context', ...names]);
      assert.deepEqual([exitCode, stderr], [1, `error: ${says}\n`]);
    }
  });

  it('delete-context forgets a device, in the words of kubectl', async () => {
    const { stdout, stderr } = await run(['delete-context', 'pi']);
    assert.equal(stdout, `deleted context pi from ${own}\n`);
    assert.match(stderr, /^warning: this removed your active context/);
    assert.equal(await works('view', '-o', 'name'), 'attic\n');
    assert.doesNotMatch(readFileSync(own, 'utf8'), /10\.0\.0\.1/);
  });

  it('kubeconfig prints what kubectl can use', async () => {
    writeFileSync(join(home, 'attic.kubeconfig'), await works('kubeconfig', 'attic'));
    const view = kubectl('config', 'view', '--kubeconfig', join(home, 'attic.kubeconfig'), '--raw', '-o', 'json');
    const { clusters, 'current-context': current } = JSON.parse(view);
    assert.equal(current, 'attic');
    assert.deepEqual(
      clusters.map(({ name }: { name: string }) => name),
      ['attic'],
    );
  });

  it("kubeconfig --merge adds the devices to kubectl's file and leaves the rest alone", async () => {
    const theirs = join(home, '.kube/config');
    kubectl('config', 'set-cluster', 'pi', '--server', 'https://prod');
    kubectl('config', 'set-context', 'prod', '--cluster', 'pi');
    kubectl('config', 'use-context', 'prod');
    const before = kubectl('config', 'view', '--raw', '--minify');
    assert.equal(
      await works('kubeconfig', '--merge'),
      `Context "pi" merged into ${theirs} as "pi-2", because "pi" stands there for something else.\n` +
        `Context "attic" merged into ${theirs}.\n`,
    );
    assert.equal(kubectl('config', 'view', '--raw', '--minify'), before);
    assert.match(kubectl('config', 'view', '--context', 'pi-2', '--minify'), /server: https:\/\/10\.0\.0\.1:6443/);
    assert.equal(statSync(theirs).mode & 0o777, 0o600);
    // Again changes nothing more.
    const once = readFileSync(theirs, 'utf8');
    await works('kubeconfig', '--merge');
    assert.equal(readFileSync(theirs, 'utf8'), once);
  });

  it('keeps every change when several programs make one', async () => {
    const credentials = { caCert: certificate('a'), clientCert: 'CERT', clientKey: 'KEY' };
    const names = Array.from({ length: 6 }, (_, index) => `pi-${index}`);
    const all = names.reduce(
      (document, name) => putDevice(document, name, { server: 'https://x:1', ...credentials }),
      emptyKubeconfig,
    );
    writeFileSync(own, await toYaml(all));
    const results = await Promise.all(names.map((name) => run(['set', 'namespace', `ns-${name}`, '--context', name])));
    assert.ok(results.every(({ exitCode }) => exitCode === 0));
    const view = await works('view');
    for (const name of names) assert.match(view, new RegExp(`ns-${name}\\b`));
    assert.ok(!existsSync(`${own}.lock`));
  });

  it('leaves a file alone that another program changes', async () => {
    writeFileSync(`${own}.lock`, '');
    const before = readFileSync(own, 'utf8');
    const { exitCode, stderr } = await run(['use', 'attic']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /devices\.lock exists: another program changes the file\n {2}when none runs/);
    assert.equal(readFileSync(own, 'utf8'), before);
  });

  it('says which file is broken', async () => {
    writeFileSync(own, 'kind: Config\nclusters: {}\n');
    assert.match((await run(['use', 'pi'])).stderr, /devices: clusters must be a list/);
    writeFileSync(own, 'hello');
    assert.match((await run(['view'])).stderr, /devices: is no kubeconfig/);
  });
});
