/** The two commands of the README, in directories of their own. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { run, runOk } from '../support/command.ts';
import { freePort } from '../support/device.ts';
import { findProcesses, mountsBelow } from '../support/processes.ts';

describe('the quickstart', () => {
  const directory = mkdtempSync(join(tmpdir(), 'eliot-quick-'));
  const env: Record<string, string> = {
    ELIOT_DATA_DIR: join(directory, 'data'),
    ELIOT_RUN_DIR: join(directory, 'run'),
    ELIOT_BRIDGE: 'elquick0',
    ELIOT_POD_CIDR: '10.99.0.0/16',
    HOME: directory,
  };
  after(async () => {
    await run('npm', ['run', '-s', 'quickstart', '--', '--stop'], { env, timeoutMs: 120_000 });
    rmSync(directory, { recursive: true, force: true });
  });

  it('ends with a running pod, its log, and what to try next', async () => {
    env['ELIOT_LISTEN'] = `127.0.0.1:${await freePort()}`;
    const { stdout } = await runOk('npm', ['run', '-s', 'quickstart'], { env, timeoutMs: 240_000 });
    assert.match(stdout, /\$ eli get nodes\nNAME +STATUS +ROLES +AGE +VERSION\n\S+ +Ready /);
    assert.match(stdout, /\$ eli get pods\nNAME +READY +STATUS +RESTARTS +AGE\nhello-world +1\/1 +Running /);
    assert.match(stdout, /Hello from a container on /);
    assert.match(stdout, /npm run quickstart -- --stop/);
  });

  it('may be called again while it runs', async () => {
    const { stdout } = await runOk('npm', ['run', '-s', 'quickstart'], { env, timeoutMs: 240_000 });
    assert.match(stdout, /eliotd is running already/);
    assert.match(stdout, /hello-world +1\/1 +Running/);
  });

  it('-- --stop leaves no process, mount, namespace, bridge, rule or file', async () => {
    await runOk('npm', ['run', '-s', 'quickstart', '--', '--stop'], { env, timeoutMs: 120_000 });
    assert.deepEqual(
      findProcesses((args) => args.some((arg) => arg.includes(directory))),
      [],
    );
    assert.deepEqual(mountsBelow(directory), []);
    assert.equal(existsSync(env['ELIOT_DATA_DIR'] ?? ''), false);
    assert.equal(existsSync(env['ELIOT_RUN_DIR'] ?? ''), false);
    assert.equal(existsSync('/sys/class/net/elquick0'), false);
    assert.doesNotMatch((await runOk('iptables-save', [])).stdout, /10\.99\.0\.0|elquick0/);
    const results = existsSync('/var/lib/cni/results') ? readdirSync('/var/lib/cni/results') : [];
    assert.deepEqual(
      results.filter(
        (name) => /eth0$/.test(name) && readFileSync(`/var/lib/cni/results/${name}`, 'utf8').includes('elquick0'),
      ),
      [],
    );
  });

  it('-- --stop with nothing started does nothing', async () => {
    const { stdout } = await runOk('npm', ['run', '-s', 'quickstart', '--', '--stop'], { env });
    assert.match(stdout, /nothing to stop/);
  });
});
