/**
 * Does what the README and the guides say. The README runs the quickstart itself; the guides run on one device as the
 * quickstart leaves it: the hello-world image is loaded and its pod runs, and a registry stands in for docker.io. The blocks of a page run in order, each
 * in a shell of its own, all in one directory.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../support/command.ts';
import { freePort, TestDevice } from '../support/device.ts';
import { DockerRegistry } from '../support/docker-registry.ts';
import { helmPath, kubectlPath } from '../support/kubectl.ts';
import { makeNodeImage } from '../support/node-image.ts';
import { makePythonImage } from '../support/python-image.ts';
import { findMarkedBlocks, isAsExpected, type MarkedBlock } from './marked-blocks.ts';

const root = join(import.meta.dirname, '../..');
const guides = readdirSync(join(root, 'docs/user')).map((name) => `docs/user/${name}`);

/** The longest that the commands of one block may take. */
const blockTimeoutMs = 60_000;

describe('the documentation', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-docs-'));
  const programs = join(directory, 'bin');
  const manifests = join(directory, 'manifests');
  const bundles = join(directory, 'bundles');

  before(() => {
    mkdirSync(programs);
    mkdirSync(manifests);
    mkdirSync(bundles);
    symlinkSync(join(root, 'bin/eli'), join(programs, 'eli'));
    symlinkSync(join(root, 'bin/eliotd'), join(programs, 'eliotd'));
    symlinkSync(kubectlPath(), join(programs, 'kubectl'));
    symlinkSync(helmPath(), join(programs, 'helm'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  describe('of the quickstart', () => {
    let env: Record<string, string>;
    before(async () => {
      env = {
        PATH: `${programs}:${process.env['PATH']}`,
        HOME: directory,
        ELIOT_DATA_DIR: join(directory, 'data'),
        ELIOT_RUN_DIR: join(directory, 'run'),
        ELIOT_LISTEN: `127.0.0.1:${await freePort()}`,
        ELIOT_POD_CIDR: '10.98.0.0/16',
        ELIOT_BRIDGE: 'eldocs0',
        KUBECONFIG: join(directory, 'data/admin.kubeconfig'),
      };
    });
    after(() => run('npm', ['run', '-s', 'quickstart', '--', '--stop'], { cwd: root, env, timeoutMs: 120_000 }));

    it('README.md does what it says', () => runPage('README.md', root, env));
  });

  describe('of a running device', () => {
    let device: TestDevice;
    /** Stands in for docker.io. */
    let registry: DockerRegistry;
    before(async () => {
      registry = await DockerRegistry.start();
      const python = await makePythonImage({ name: 'python' });
      await registry.pushArchive('library/python:3-slim', python);
      await registry.pushArchive('library/python:latest', python);
      await registry.pushArchive('library/node:latest', await makeNodeImage({ name: 'node' }));
      const config = join(directory, 'eliotd.yaml');
      writeFileSync(config, settings(manifests, bundles, registry.host));
      device = await TestDevice.start({ args: ['--config', config], image: false });
      await device.loadImage('eliot.run/hello-world:1');
      await device.kubectlOk(['apply', '-f', join(root, 'examples/hello-world.yaml')]);
      await device.waitForPhase('hello-world', 'Running');
    });
    after(async () => {
      await device?.close();
      await registry?.close();
    });

    for (const page of guides) {
      it(`${page} does what it says`, async () => {
        const workplace = join(directory, page.replaceAll('/', '-'));
        mkdirSync(workplace);
        symlinkSync(join(root, 'examples'), join(workplace, 'examples'));
        await runPage(page, workplace, {
          ...device.clientEnv(),
          PATH: `${programs}:${process.env['PATH']}`,
          ELIOT_DATA_DIR: device.dataDir,
          ELIOT_RUN_DIR: device.runDir,
          ELIOT_CHECKOUT: root,
          MANIFESTS: manifests,
          BUNDLES: bundles,
        });
      });
    }
  });
});

/** What the guides say stands in the settings file. */
function settings(manifests: string, bundles: string, registry: string): string {
  return `
staticPodPath: ${manifests}
bundleDirectory: ${bundles}
registries:
  docker.io: { mirrors: ["http://${registry}"] }
devices:
  - { name: entropy, paths: ["/dev/hwrng"], shared: 4 }
`;
}

async function runPage(page: string, cwd: string, env: Record<string, string>): Promise<void> {
  for (const block of findMarkedBlocks(readFileSync(join(root, page), 'utf8'))) {
    await runBlock(`${page}:${block.line}`, block, cwd, env);
  }
}

async function runBlock(place: string, block: MarkedBlock, cwd: string, env: Record<string, string>): Promise<void> {
  // One stream for both, as on a terminal.
  const script = `exec 2>&1\nset -euo pipefail\n${block.commands}`;
  const { exitCode, stdout } = await run('bash', ['-c', script], { cwd, env, timeoutMs: blockTimeoutMs });
  assert.equal(exitCode, 0, `${place}: the commands ended with ${exitCode} and printed\n${stdout}`);
  if (block.expected === undefined) return;
  assert.ok(
    isAsExpected(stdout, block.expected),
    `${place}: expected\n\n${block.expected}\n\nbut the commands printed\n\n${stdout}`,
  );
}
