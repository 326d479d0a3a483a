/** `eli run` on a device: a container as if it ran here. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Background } from '../support/background.ts';
import type { CommandOptions, CommandResult } from '../support/command.ts';
import { TestDevice, testImage } from '../support/device.ts';
import { waitFor } from '../support/wait.ts';

const eliProgram = resolve(import.meta.dirname, '../../bin/eli');

describe('eli run', () => {
  let device: TestDevice;
  /** A registry that takes connections and never says a word. */
  let silent: Server;

  before(async () => {
    silent = createServer(() => {}).listen(0, '127.0.0.1');
    device = await TestDevice.start();
  });
  after(async () => {
    silent.close();
    await device?.close();
  });

  const run = (args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> =>
    device.eli(['run', ...args], options);
  const shell = (line: string, ...flags: string[]): string[] => [...flags, testImage, '--', 'sh', '-c', line];
  const podNames = async (): Promise<string> => (await device.eliOk(['get', 'pods', '-o', 'name'])).stdout;
  const untilGone = (name: string, timeoutMs: number): Promise<unknown> =>
    waitFor(`the end of ${name}`, async () => !(await podNames()).includes(`pod/${name}\n`), { timeoutMs });

  it('loses no output, 50 times in a row', async () => {
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    while (numbers.length > 0) {
      await Promise.all(
        numbers.splice(0, 5).map(async (number) => {
          const { exitCode, stdout, stderr } = await run([testImage, '--', 'echo', `hello ${number}`]);
          assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: `hello ${number}\n`, stderr: '' });
        }),
      );
    }
    assert.equal(await podNames(), '');
  });

  it('keeps outputs apart and gives the exit code', async () => {
    const { exitCode, stdout, stderr } = await run(shell('printf out; echo err >&2; exit 7'));
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 7, stdout: 'out', stderr: 'err\n' });
  });

  it('passes input on with its end, and none without -i', async () => {
    const input = 'x'.repeat(200_000);
    assert.equal((await run(['-i', testImage, '--', 'cat'], { input })).stdout, input);
    assert.equal((await run([testImage, '--', 'cat'], { input })).stdout, '');
  });

  it('says what is wrong, with the exit codes of docker', async () => {
    const missing = await run([testImage, '--', 'nope']);
    assert.equal(missing.exitCode, 127);
    assert.match(missing.stderr, /exec: "nope": executable file not found in \$PATH/);
    assert.equal((await run([testImage, '--', '/etc'])).exitCode, 126);
    const image = await run(['--image-pull', 'never', 'eliot.test/none:1']);
    assert.equal(image.exitCode, 125);
    assert.match(image.stderr, /not present with pull policy of Never/);
    assert.equal(await podNames(), '');
  });

  it('is told of a name that is in use, and how to free it', async () => {
    assert.equal((await run(['-d', '--name', 'web', testImage, '--', 'sleep', '3600'])).stdout, 'pod/web created\n');
    const second = await run(['--name', 'web', testImage, '--', 'true']);
    assert.equal(second.exitCode, 125);
    assert.match(second.stderr, /a pod named "web" exists already\n {2}remove it with "eli delete pod web"/);
    await device.eliOk(['delete', 'pod', 'web', '--now']);
  });

  it('has what its flags give', async () => {
    const flags = ['-e', 'COLOUR=red', '-w', '/tmp', '--memory', '32m', '--bind', `${device.directory}:/here:ro`];
    const { stdout } = await run(shell('echo $COLOUR $(pwd) $$; ls /here; touch /here/x 2>&1', ...flags));
    assert.match(stdout, /^red \/tmp 1\n/);
    assert.match(stdout, /eliotd\.log/);
    assert.match(stdout, /Read-only file system/);
    assert.equal((await run(shell('id -u; id -g', '--user', '1000:20'))).stdout, '1000\n20\n');
  });

  it('leaves nothing in what it was given, also at /dev', async () => {
    const given = join(device.directory, 'given');
    mkdirSync(given);
    // The runtime itself does not start without it.
    execFileSync('mknod', [join(given, 'null'), 'c', '1', '3']);
    const { exitCode, stdout, stderr } = await run(shell('echo begun', '--bind', `${given}:/dev`));
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: 'begun\n', stderr: '' });
    assert.deepEqual(
      readdirSync(given).filter((name) => name.includes('hold')),
      [],
    );
  });

  it('passes every signal on, and ends at the third Ctrl-C when nobody listens', async () => {
    const traps = ['HUP', 'USR1', 'QUIT', 'WINCH'].map((name) => `trap 'echo got ${name}' ${name}`).join('; ');
    const listens = device.eliBackground([
      'run',
      ...shell(`${traps}; trap 'exit 9' INT; echo ready; while :; do sleep 0.1; done`),
    ]);
    await listens.prints(/ready/);
    for (const name of ['HUP', 'USR1', 'QUIT', 'WINCH']) {
      listens.child.kill(`SIG${name}` as NodeJS.Signals);
      await listens.prints(new RegExp(`got ${name}\n`));
    }
    listens.child.kill('SIGINT');
    assert.equal(await listens.ended(), 9);

    const deaf = device.eliBackground(['run', '--name', 'deaf', ...shell('echo ready; sleep 3600')]);
    await deaf.prints(/ready/);
    for (let count = 1; count <= 3; count += 1) {
      deaf.child.kill('SIGINT');
      // Two that come at once are one to the kernel.
      await device.eliOk(['version']);
    }
    assert.equal(await deaf.ended(), 130);
    assert.equal(await podNames(), '');
  });

  it('leaves nothing behind when it is stopped during the pull', async () => {
    const { port } = silent.address() as { readonly port: number };
    const pulling = device.eliBackground(['run', '--name', 'pulling', `127.0.0.1:${port}/slow:1`]);
    await waitFor('the pull', async () => /Pulling image/.test((await device.eliOk(['get', 'events'])).stdout));
    pulling.child.kill('SIGINT');
    assert.equal(await pulling.ended(), 130);
    await untilGone('pulling', 10_000);
  });

  it('leaves nothing behind when its machine vanishes, and its lease costs no write to disk', async () => {
    const vanishing = device.eliBackground([
      'run',
      '--lease',
      '4s',
      '--name',
      'orphan',
      ...shell('echo ready; exec cat', '-i'),
    ]);
    await vanishing.prints(/ready/);
    const written = (): number =>
      Math.max(...['', '-wal'].map((end) => statSync(join(device.dataDir, `eliot.db${end}`)).mtimeMs));
    const version = async (): Promise<string> =>
      (await device.eliOk(['get', 'leases', '-o', 'jsonpath={.items[0].metadata.resourceVersion}'])).stdout;
    const seen = new Set<string>();
    const before = written();
    await waitFor('two renewals', async () => seen.add(await version()).size >= 3, { timeoutMs: 15_000 });
    assert.equal(written(), before);
    assert.match(await podNames(), /pod\/orphan/);
    vanishing.child.kill('SIGKILL');
    await untilGone('orphan', 15_000);
    assert.match((await device.eliOk(['get', 'events'])).stdout, /LeaseLapsed +pod\/orphan/);
  });

  it('goes on when eliotd is started anew meanwhile, and neither loses nor doubles output', async () => {
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    const counts = device.eliBackground([
      'run',
      '--name',
      'lasting',
      ...shell(`for i in ${numbers.join(' ')}; do echo $i; sleep 0.2; done; exit 4`),
    ]);
    await counts.prints(/1\n/);
    await device.restartDaemon('SIGTERM');
    assert.equal(await counts.ended(), 4);
    assert.equal(counts.stdout, numbers.map((number) => `${number}\n`).join(''));
    assert.match(counts.stderr, /lost the connection to lasting \(.*\); joining it again\n/);
    await untilGone('lasting', 10_000);
  });

  it('removes what was left with --rm when it has ended, and keeps it without', async () => {
    await device.eliOk(['run', '-d', '--rm', '--name', 'passing', ...shell('sleep 0.3')]);
    await device.eliOk(['run', '--rm=false', '--name', 'kept', ...shell('exit 0')]);
    await untilGone('passing', 20_000);
    assert.match((await device.eliOk(['get', 'pod', 'kept'])).stdout, /Completed/);
    assert.equal((await device.eliOk(['get', 'leases', '-o', 'name'])).stdout, '');
    await device.eliOk(['delete', 'pod', 'kept']);
  });

  it('gives a terminal: prompt, size, keys, and a way to leave it', async () => {
    const command = `stty rows 33 cols 101; exec ${eliProgram} run -it --name term ${testImage} -- sh`;
    const terminal = new Background('script', ['-qec', command, '/dev/null'], device.clientEnv());
    const type = (keys: string): void => void terminal.child.stdin?.write(keys);
    await terminal.prints(/\/ # /);
    type('stty size\r');
    await terminal.prints(/33 101/);
    type('echo $((40+2))\r');
    await terminal.prints(/\n42\r/);
    type('\x10\x11');
    await terminal.prints(/left term, which runs on/);
    assert.equal(await terminal.ended(), 0);
    const { metadata } = JSON.parse((await device.eliOk(['get', 'pod', 'term', '-o', 'json'])).stdout) as {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
    };
    assert.deepEqual(Object.keys(metadata.annotations), ['eliot.run/remove-when-finished']);
    await device.eliOk(['delete', 'pod', 'term', '--now']);
  });

  it('gives the exit code of what ran in a terminal', async () => {
    const command = `${eliProgram} run -it ${testImage} -- sh -c 'read x; exit $x'`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { env: { ...process.env, ...device.clientEnv() } });
    const ended = new Promise((done) => child.on('exit', done));
    child.stdin.write('5\r');
    assert.equal(await ended, 5);
  });
});
