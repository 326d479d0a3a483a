/** The two commands of the README, in directories of their own. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
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

  it('touches no directory that holds something else', async () => {
    const taken = join(directory, 'taken');
    mkdirSync(taken);
    writeFileSync(join(taken, 'mine'), '');
    for (const other of [{ ELIOT_DATA_DIR: taken }, { ELIOT_RUN_DIR: taken }]) {
      const started = await run('npm', ['run', '-s', 'quickstart'], { env: { ...env, ...other } });
      assert.equal(started.exitCode, 1);
      assert.match(started.stderr, /taken is there already and not empty; choose another place with ELIOT_DATA_DIR/);
      await run('npm', ['run', '-s', 'quickstart', '--', '--stop'], { env: { ...env, ...other } });
    }
    assert.deepEqual(readdirSync(taken), ['mine']);
  });

  it('says how to choose another port when its own is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const taken = { ...env, ELIOT_LISTEN: `127.0.0.1:${port}` };
    const { exitCode, stderr } = await run('npm', ['run', '-s', 'quickstart'], { env: taken, timeoutMs: 240_000 });
    server.close();
    assert.equal(exitCode, 1);
    assert.match(stderr, /is in use by another program/);
    assert.match(stderr, /ELIOT_LISTEN=0\.0\.0\.0:7443 npm run quickstart/);
    await runOk('npm', ['run', '-s', 'quickstart', '--', '--stop'], { env: taken, timeoutMs: 120_000 });
    assert.equal(existsSync(env['ELIOT_DATA_DIR'] ?? ''), false);
  });

  it('-- --stop with nothing started does nothing', async () => {
    const { stdout } = await runOk('npm', ['run', '-s', 'quickstart', '--', '--stop'], { env });
    assert.match(stdout, /nothing to stop/);
  });
});
