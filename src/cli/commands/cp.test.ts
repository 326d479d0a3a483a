/** `eli cp` against the real API server; the container is a directory in which the commands really run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { packTar, type TarEntry } from 'modern-tar';
import type { StreamEnds } from '../../apiserver/pod-streams.ts';
import { StatusError } from '../../lib/status-error.ts';
import { type EliResult, eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { startTestPod } from '../../testing/test-pods.ts';

/** Runs a command here as a container would. */
async function runHere(command: readonly string[], ends: StreamEnds): Promise<{ exitCode: number }> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  if (ends.stdin) ends.stdin.pipe(child.stdin);
  else child.stdin.end();
  child.stdout.on('data', (chunk: Buffer) => ends.stdout?.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => ends.stderr?.write(chunk));
  const [exitCode] = (await once(child, 'close')) as [number];
  return { exitCode };
}

describe('cp', () => {
  let device: LocalDevice;
  /** What the container has, and what we have. */
  let inPod: string;
  let here: string;
  let directory: string;

  before(async () => {
    device = await LocalDevice.start();
    await startTestPod(device.client, { name: 'web', containers: ['main', 'side'] });
    await startTestPod(device.client, { name: 'done' }, 'Succeeded');
    directory = await mkdtemp(join(tmpdir(), 'eliot-cp-'));
  });
  after(async () => {
    await device.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(async () => {
    const test = await mkdtemp(join(directory, 'test-'));
    inPod = join(test, 'pod');
    here = join(test, 'here');
    await Promise.all([mkdir(inPod), mkdir(here)]);
    device.streams.exec = async (_ref, command, ends) => await runHere(command, ends);
  });

  const cp = (...args: string[]): Promise<EliResult> =>
    eli(['cp', ...args], { env: { ELIOT_RUN_DIR: device.runDirectory } });

  /** The archive that a container sends instead of what it was asked for. */
  function sends(entries: readonly TarEntry[]): void {
    device.streams.exec = async (_ref, command, ends) => {
      if (command[0] === 'test') return { exitCode: 0 };
      ends.stdout?.write(Buffer.from(await packTar(entries)));
      return { exitCode: 0 };
    };
  }
  const entry = (name: string, body = 'bad'): TarEntry => ({ header: { name, type: 'file', size: body.length }, body });

  it('copies a file there and back, with its permissions', async () => {
    await writeFile(join(here, 'run.sh'), 'echo hi\n', { mode: 0o750 });
    assert.deepEqual(await cp(join(here, 'run.sh'), `web:${inPod}/other.sh`), { exitCode: 0, stdout: '', stderr: '' });
    assert.equal(await readFile(join(inPod, 'other.sh'), 'utf8'), 'echo hi\n');
    assert.equal((await stat(join(inPod, 'other.sh'))).mode & 0o777, 0o750);
    await mkdir(join(here, 'back'));
    assert.equal((await cp(`default/web:${inPod}/other.sh`, join(here, 'back'))).stderr, '');
    assert.equal((await stat(join(here, 'back/other.sh'))).mode & 0o777, 0o750);
    assert.equal((await cp(`web:${inPod}/other.sh`, join(here, 'plain.sh'), '--no-preserve')).exitCode, 0);
    assert.equal((await stat(join(here, 'plain.sh'))).mode & 0o777, 0o644);
  });

  it('copies directories with what is in them: into one that is there, else under the new name', async () => {
    await mkdir(join(here, 'site/empty'), { recursive: true });
    await writeFile(join(here, 'site/index.html'), 'x'.repeat(200_000));
    await mkdir(join(inPod, 'www'));
    assert.equal((await cp(join(here, 'site'), `web:${inPod}/www`)).exitCode, 0);
    assert.equal((await cp(join(here, 'site'), `web:${inPod}/new`)).exitCode, 0);
    assert.deepEqual((await readdir(inPod, { recursive: true })).sort(), [
      'new',
      'new/empty',
      'new/index.html',
      'www',
      'www/site',
      'www/site/empty',
      'www/site/index.html',
    ]);
    assert.equal((await cp(`web:${inPod}/www`, join(here, 'back'))).exitCode, 0);
    assert.equal((await readFile(join(here, 'back/site/index.html'))).length, 200_000);
    assert.ok((await stat(join(here, 'back/site/empty'))).isDirectory());
  });

  it('takes no links out of a container', async () => {
    await symlink('/etc/passwd', join(inPod, 'link'));
    await writeFile(join(inPod, 'file'), 'x');
    const { exitCode, stderr } = await cp(`web:${inPod}`, join(here, 'out'));
    assert.equal(exitCode, 0);
    assert.match(stderr, /^warning: skipping symlink: ".*\/out\/link" -> "\/etc\/passwd" \(consider using "eli exec /);
    assert.deepEqual(await readdir(join(here, 'out')), ['file']);
  });

  it('writes nothing outside the destination, whatever the container sends', async () => {
    for (const name of ['../evil', '/pod/../../evil', 'elsewhere/x']) {
      sends([entry(name)]);
      const { exitCode, stderr } = await cp('web:/pod', join(here, 'out'));
      assert.equal(exitCode, 1, name);
      assert.match(stderr, /^error: tar contents corrupted\n/, name);
    }
    assert.deepEqual(await readdir(join(here)), ['out']);
  });

  it('writes through no link that stands in the destination already', async () => {
    await mkdir(join(here, 'out'));
    await mkdir(join(here, 'other'));
    await symlink(join(here, 'other'), join(here, 'out/dir'));
    await writeFile(join(here, 'precious'), 'mine');
    await symlink(join(here, 'precious'), join(here, 'out/file'));
    sends([entry('pod/dir/x')]);
    assert.equal((await cp('web:/pod', join(here, 'out'))).exitCode, 1);
    assert.deepEqual(await readdir(join(here, 'other')), []);
    sends([entry('pod/file')]);
    await cp('web:/pod', join(here, 'out'));
    assert.equal(await readFile(join(here, 'precious'), 'utf8'), 'mine');
  });

  it('takes no set-user-ID bit out of a container', async () => {
    await writeFile(join(inPod, 'tool'), 'x');
    await chmod(join(inPod, 'tool'), 0o4777);
    assert.equal((await cp(`web:${inPod}/tool`, here)).exitCode, 0);
    // The rest is the umask's.
    assert.equal((await lstat(join(here, 'tool'))).mode & 0o7700, 0o700);
  });

  it('goes on where the connection broke off', async () => {
    const content = Buffer.alloc(300_000, 'abcdefg');
    await writeFile(join(inPod, 'big'), content);
    let tries = 0;
    device.streams.exec = async (_ref, command, ends) => {
      if (command[0] === 'test' || tries++ > 0) return await runHere(command, ends);
      const first = Buffer.from(await packTar([entry(join(inPod, 'big').slice(1), content.toString())]));
      ends.stdout?.write(first.subarray(0, 100_000));
      await new Promise((resolve) => ends.stdout?.write('', resolve));
      throw new StatusError('ServiceUnavailable', 'the connection broke');
    };
    assert.match((await cp(`web:${inPod}/big`, join(here, 'none'))).stderr, /the connection broke/);
    tries = 0;
    const { exitCode, stderr } = await cp(`web:${inPod}/big`, join(here, 'big'), '--retries=2');
    assert.equal(exitCode, 0);
    assert.equal(stderr, 'Resuming copy at 100000 bytes, retry 1/2\n');
    assert.ok((await readFile(join(here, 'big'))).equals(content));
  });

  it("ends with the exit code of the container's tar", async () => {
    const { exitCode, stderr } = await cp(`web:${inPod}/nope`, join(here, 'x'));
    assert.equal(exitCode, 2);
    assert.match(stderr, /nope: .*No such file or directory\n/);
    assert.match(stderr, /command terminated with exit code 2\n$/);
  });

  it('keeps what the container could read when it could not read everything', async () => {
    for (const [exitCode, size] of [
      [1, 10],
      [2, 500_000],
    ] as const) {
      device.streams.exec = async (_ref, command, ends) => {
        if (command[0] === 'test') return { exitCode: 0 };
        const files = ['a', 'b', 'c'].map((name) => entry(`pod/${name}`, name.repeat(size)));
        ends.stdout?.write(Buffer.from(await packTar(files)));
        ends.stderr?.write('tar: /pod/d: Cannot open: Permission denied\n');
        return { exitCode };
      };
      const out = join(here, `out-${exitCode}`);
      const result = await cp('web:/pod', out);
      const said = `tar: /pod/d: Cannot open: Permission denied\ncommand terminated with exit code ${exitCode}\n`;
      assert.deepEqual(result, { exitCode, stdout: '', stderr: said });
      for (const name of ['a', 'b', 'c']) assert.equal(await readFile(join(out, name), 'utf8'), name.repeat(size));
    }
  });

  it("ends with the exit code of the container's tar when it stopped in the middle", async () => {
    device.streams.exec = async (_ref, command, ends) => {
      if (command[0] === 'test') return { exitCode: 0 };
      const archive = Buffer.from(
        await packTar([entry('pod/a', 'a'.repeat(1_000)), entry('pod/b', 'b'.repeat(1_000))]),
      );
      ends.stdout?.write(archive.subarray(0, 2_560));
      return { exitCode: 137 };
    };
    const { exitCode, stderr } = await cp('web:/pod', join(here, 'out'));
    assert.deepEqual([exitCode, stderr], [137, 'command terminated with exit code 137\n']);
    assert.equal(await readFile(join(here, 'out/a'), 'utf8'), 'a'.repeat(1_000));
  });

  it('says what could not be written here, though the command in the container has ended', async () => {
    await mkdir(join(here, 'out/b'), { recursive: true });
    await writeFile(join(here, 'out/b/mine'), '');
    // Ends before the first piece was written, while pieces wait, and long after.
    const cases = [0, 2].flatMap((exitCode) => [10, 80_010, 2_000_000].map((size) => ({ exitCode, size })));
    for (const { exitCode, size } of cases) {
      device.streams.exec = async (_ref, command, ends) => {
        if (command[0] === 'test') return { exitCode: 0 };
        const files = ['a', 'b', 'c'].map((name) => entry(`pod/${name}`, name.repeat(size)));
        const archive = Buffer.from(await packTar(files));
        for (let at = 0; at < archive.length; at += 4_000) ends.stdout?.write(archive.subarray(at, at + 4_000));
        return { exitCode };
      };
      const result = await cp('web:/pod', join(here, 'out'));
      assert.match(result.stderr, /^error: .*EISDIR.*\/out\/b/);
      assert.notEqual(result.exitCode, 0);
    }
  });

  it('says what to do when the container has no tar', async () => {
    device.streams.exec = async () => {
      throw new StatusError('InternalError', 'exec: "tar": executable file not found in $PATH');
    };
    await writeFile(join(here, 'x'), 'x');
    const hint =
      /^ {2}cp needs the program "tar" in container side.*\n {2}eli exec -i web -c side -- sh -c 'cat > FILE' < FILE\n/m;
    for (const args of [
      [join(here, 'x'), 'web:/tmp/x'],
      ['web:/tmp/x', join(here, 'y')],
    ]) {
      const { exitCode, stderr } = await cp(...args, '-c', 'side');
      assert.equal(exitCode, 1);
      assert.match(stderr, /^error: .*exec: "tar": executable file not found in \$PATH\n/);
      assert.match(stderr, hint);
    }
    device.streams.exec = async () => ({ exitCode: 127 });
    const shell = await cp('web:/tmp/x', join(here, 'y'), '-c', 'side', '--retries=1');
    assert.equal(shell.exitCode, 127);
    assert.match(shell.stderr, hint);
  });

  for (const { args, complains } of [
    { args: ['/nonexistent/x', 'web:/tmp'], complains: "error: /nonexistent/x doesn't exist in local filesystem\n" },
    { args: ['web:/tmp/x', 'y', '--retries=x'], complains: 'error: invalid argument "x" for "--retries" flag' },
    { args: ['nope:/tmp/x', 'y'], complains: 'Error from server (NotFound): pods "nope" not found\n' },
    { args: ['done:/x', 'y'], complains: 'error: cannot exec into a container in a completed pod' },
    { args: ['web:/x', 'y', '-c', 'z'], complains: 'error: container z is not valid for pod web\n' },
  ]) {
    it(`${args.join(' ')} is refused`, async () => {
      const { exitCode, stderr } = await cp(...args);
      assert.equal(exitCode, 1);
      assert.ok(stderr.startsWith(complains), stderr);
    });
  }
});
