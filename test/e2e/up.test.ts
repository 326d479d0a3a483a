/** `eli up` on a device: projects whose files are edited here run there, by images of a registry that stands in for docker.io. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { makeBusyboxImage } from '../../scripts/busybox-image.ts';
import { Background } from '../support/background.ts';
import { freePort, TestDevice } from '../support/device.ts';
import { DockerRegistry } from '../support/docker-registry.ts';
import { makeNodeImage } from '../support/node-image.ts';
import { makePythonImage } from '../support/python-image.ts';
import { Tmux } from '../support/tmux.ts';
import { waitFor } from '../support/wait.ts';

const eliProgram = resolve(import.meta.dirname, '../../bin/eli');

/** Answers with the first line of a file, and counts its own starts in a volume. */
const server = (answer: string): string => `
const fs = require('fs');
const count = '/var/cache/eliot-up/starts';
fs.appendFileSync(count, '.');
require('http').createServer((_, response) => response.end('${answer} ' + fs.readFileSync(count).length)).listen(8080, () => console.log('${answer} listens'));
`;

describe('eli up', () => {
  let device: TestDevice;
  let registry: DockerRegistry;
  let root: string;
  const sessions: Background[] = [];

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'eliot-up-e2e-'));
    registry = await DockerRegistry.start();
    await Promise.all([
      makeNodeImage({ name: 'node' }).then((archive) => registry.pushArchive('library/node:latest', archive)),
      makePythonImage({ name: 'python' }).then((archive) => registry.pushArchive('library/python:latest', archive)),
    ]);
    const config = `registries:\n  docker.io: { mirrors: ["http://${registry.host}"] }\n`;
    device = await TestDevice.start({ config, image: false });
  });
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.stop('SIGINT')));
  });
  after(async () => {
    await device?.close();
    await registry?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const project = (name: string, files: Readonly<Record<string, string>>): string => {
    const directory = join(root, name);
    mkdirSync(directory, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
    return directory;
  };
  const up = (
    directory: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Background => {
    const command = ['up', '--directory', directory, ...args];
    const session = new Background(eliProgram, command, { ...device.clientEnv(), USER: 'ada', ...env });
    sessions.push(session);
    return session;
  };
  const load = async (port: number): Promise<string> =>
    (await fetch(`http://localhost:${port}/`, { headers: { connection: 'close' } })).text();
  const address = async (name: string): Promise<string> =>
    (await device.eliOk(['get', 'pod', name, '-o', 'jsonpath={.metadata.uid} {.status.podIP}'])).stdout;
  const podNames = async (): Promise<string> => (await device.eliOk(['get', 'pods', '-o', 'name'])).stdout;
  const untilGone = (name: string, timeoutMs = 10_000): Promise<unknown> =>
    waitFor(`the end of ${name}`, async () => !(await podNames()).includes(`pod/${name}\n`), { timeoutMs });

  it('runs a Node project, and each saved file in the same pod with the same volumes', async () => {
    const port = await freePort();
    const web = project('web', {
      'package.json': JSON.stringify({ scripts: { start: 'node server.js' } }),
      'server.js': server('one'),
    });
    const session = up(web, ['-p', `${port}:8080`]);
    await session.prints(/^one listens\n$/, 60_000);
    assert.match(session.stderr, new RegExp(`http://localhost:${port} -> port 8080`));
    assert.equal(await load(port), 'one 1');
    const before = await address('web');
    for (const [index, answer] of ['two', 'three', 'four'].entries()) {
      writeFileSync(join(web, 'server.js'), server(answer));
      await session.tells(new RegExp(`(server.js changed: the program starts anew\n[\\s\\S]*){${index + 1}}`));
      // A page that is loaded now is the new one: it waits for the program.
      assert.equal(await load(port), `${answer} ${index + 2}`);
    }
    assert.equal(await address('web'), before);
    session.child.kill('SIGINT');
    assert.equal(await session.ended(), 0);
    assert.equal(await podNames(), '');
    assert.equal(session.stdout, 'one listens\ntwo listens\nthree listens\nfour listens\n');
  });

  it('says how a Python program has ended, and starts it again at the next change only', async () => {
    const meter = project('meter', { 'main.py': 'import sys\nprint("first")\nsys.exit(3)\n' });
    const session = up(meter);
    await session.prints(/first\n/, 60_000);
    await session.tells(/the program has ended with exit code 3; it starts again at the next change\n/);
    const before = await address('meter');
    writeFileSync(join(meter, 'main.py'), 'print("second")\nimport time\ntime.sleep(1000)\n');
    await session.prints(/first\nsecond\n$/);
    assert.equal(await address('meter'), before);
    writeFileSync(join(meter, 'main.py'), 'print("third"\n');
    await session.tells(/SyntaxError[\s\S]*the program has ended with exit code 1/);
  });

  it('runs a command beside the program, and leaves the program alone', async () => {
    const meter = project('beside', { 'main.py': 'import time\nprint("once")\ntime.sleep(1000)\n', data: 'a' });
    const session = up(meter, ['--on-change', 'cat data && exit 4']);
    await session.prints(/once\n$/, 60_000);
    writeFileSync(join(meter, 'data'), 'b\n');
    await session.prints(/once\nb\n$/);
    await session.tells(/data changed: cat data && exit 4\n[\s\S]*cat data && exit 4 has ended with exit code 4\n/);
    assert.equal(session.stdout, 'once\nb\n');
  });

  it('brings files back with --two-way that the program makes, and starts nothing for them', async () => {
    const program = 'print("begun")\nopen("made", "w").write("there")\nimport time\ntime.sleep(1000)\n';
    const directory = project('both', { 'main.py': program });
    const session = up(directory, ['--two-way']);
    await session.prints(/begun\n$/, 60_000);
    await session.tells(/made came from the device\n/);
    assert.equal(readFileSync(join(directory, 'made'), 'utf8'), 'there');
    writeFileSync(join(directory, 'main.py'), `${program}#\n`);
    await session.prints(/begun\nbegun\n$/);
  });

  it('shows who works on a project, and hands it over to whoever insists', async () => {
    const meter = project('shared', { 'main.py': 'import time\nprint("begun")\ntime.sleep(1000)\n' });
    const ada = up(meter);
    await ada.prints(/begun/, 60_000);
    const refused = up(meter, [], { USER: 'bob' });
    assert.equal(await refused.ended(), 1);
    assert.match(
      refused.stderr,
      /error: ada@\S+ works on shared on this device, since .*\n {2}take it over with --take-over/,
    );
    const bob = up(meter, ['--take-over'], { USER: 'bob' });
    await bob.prints(/begun/);
    assert.equal(await ada.ended(), 1);
    assert.match(ada.stderr, /error: shared is no longer yours: bob@\S+ has taken it over\n/);
    assert.match(await podNames(), /pod\/shared\n/);
  });

  it('leaves nothing behind when its machine vanishes, and begins anew where it was killed', async () => {
    const meter = project('lost', { 'main.py': 'import time\nprint("begun")\ntime.sleep(1000)\n' });
    const first = up(meter, ['--lease', '4s']);
    await first.prints(/begun/, 60_000);
    await first.stop('SIGKILL');
    const second = up(meter, ['--lease', '4s']);
    await second.prints(/begun/);
    assert.match(second.stderr, /an earlier session of yours has left lost behind; it is made anew/);
    await second.stop('SIGKILL');
    await untilGone('lost', 20_000);
  });

  it('lets the pod run on with --keep, and takes it back', async () => {
    const meter = project('kept', { 'main.py': 'import time\nprint("begun", flush=True)\ntime.sleep(1000)\n' });
    const first = up(meter, ['--keep', '--lease', '4s']);
    await first.prints(/begun/, 60_000);
    await first.stop('SIGINT');
    assert.match(first.stderr, /kept runs on: "eli logs kept"/);
    assert.equal((await device.eliOk(['logs', 'kept'])).stdout, 'begun\n');
    const second = up(meter);
    await second.prints(/begun/);
    assert.match(second.stderr, /kept was kept by an earlier session, and is made anew/);
  });

  it('goes on when eliotd is started anew', async () => {
    const meter = project('steady', { 'main.py': 'import time\nprint("begun")\ntime.sleep(1000)\n' });
    const session = up(meter);
    await session.prints(/begun\n$/, 60_000);
    await device.restartDaemon('SIGKILL');
    writeFileSync(join(meter, 'main.py'), 'import time\nprint("changed")\ntime.sleep(1000)\n');
    await session.prints(/begun\nchanged\n$/, 30_000);
  });

  it('says what is missing', async () => {
    const none = up(project('none', { 'main.py': '' }), ['--image', `${registry.host}/none:1`]);
    assert.equal(await none.ended(), 1);
    assert.match(none.stderr, /error: \S+none:1 could not be started: .*not found/);
    await registry.pushIndex('other:1', await registry.push('other:riscv64'), 'riscv64');
    const image = `${registry.host}/other:1`;
    const foreign = up(project('foreign', { 'main.py': '' }), ['--image', image]);
    assert.equal(await foreign.ended(), 1);
    assert.match(foreign.stderr, new RegExp(`error: ${image} has nothing for \\w+, the architecture of the device\n`));
    assert.equal(await podNames(), '');
  });

  it('runs an image that only docker has here, as it was built last', async () => {
    const bin = project('bin', {});
    const build = async (word: string): Promise<void> => {
      const name = 'eliot.test/built:1';
      const files = { 'usr/bin/say': `#!/bin/sh\necho ${word}; exec sleep 1000\n` };
      writeFileSync(join(bin, 'image.tar'), await makeBusyboxImage({ name, files }));
    };
    const docker = '#!/bin/sh\ncase "$1 $*" in *eliot.test/built:1) ;; *) exit 1 ;; esac\n[ "$1" = image ] || exec cat';
    writeFileSync(join(bin, 'docker'), `${docker} ${join(bin, 'image.tar')}\n`, { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env['PATH']}` };
    const directory = project('built', { 'README.md': '' });
    for (const word of ['one', 'two']) {
      await build(word);
      const session = up(directory, ['--image', 'eliot.test/built:1', '--', 'say'], env);
      await session.prints(new RegExp(`^${word}\n$`));
      assert.match(session.stderr, /eliot\.test\/built:1 of docker pushed \(/);
      await session.stop('SIGINT');
    }
  });

  describe('on a terminal', () => {
    let tmux: Tmux;
    before(async () => {
      tmux = await Tmux.start({ columns: 100, env: { ...device.clientEnv(), NO_COLOR: '1', USER: 'ada' } });
      await tmux.enter(`eli() { '${eliProgram}' "$@"; }`);
    });
    after(() => tmux?.close());

    it('shows output and a status line, and leaves the terminal as it was', async () => {
      const meter = project('screen', { 'main.py': 'import time\nprint("tick")\ntime.sleep(1000)\n' });
      const mode = await tmux.run('stty -a');
      await tmux.enter(`cd ${meter}; clear`);
      await tmux.enter('eli up -p 8099');
      const screen = await tmux.shows(/tick\n {2}\S screen running · http:\/\/localhost:\d+ · Ctrl-C ends it$/);
      assert.match(
        screen,
        /• a python project \(main\.py\): image docker\.io\/library\/python:latest, runs python3 main\.py/,
      );
      assert.match(screen, /✓ 1 file, \d+B: \d+B sent/);
      writeFileSync(join(meter, 'main.py'), 'print("tock", end="")\n');
      await tmux.shows(
        /• main\.py changed: the program starts anew\ntock\n {2}• the program has ended with exit code 0/,
      );
      await tmux.shows(/\S screen ended with exit code 0 · /);
      await tmux.press('C-c');
      await tmux.waits();
      assert.doesNotMatch(await tmux.screen(), /Ctrl-C ends it/);
      assert.equal(await tmux.run('echo $code; stty -a'), `0\n${mode}`);
      await untilGone('screen');
    });
  });
});
