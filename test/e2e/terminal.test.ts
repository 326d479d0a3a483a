/** What eli draws on a real terminal, and that the terminal is as before whatever happens. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BlobProxy } from '../support/blob-proxy.ts';
import { shellPod, TestDevice } from '../support/device.ts';
import { DockerRegistry } from '../support/docker-registry.ts';
import { Tmux } from '../support/tmux.ts';

const eliPath = join(import.meta.dirname, '../../bin/eli');
const mega = 1_000_000;

describe('eli on a terminal', () => {
  let device: TestDevice;
  let registry: DockerRegistry;
  let proxy: BlobProxy;
  let image: string;
  let tmux: Tmux;

  before(async () => {
    [device, registry] = await Promise.all([TestDevice.start(), DockerRegistry.start()]);
    await device.create(shellPod('web', 'exec sleep 3600'));
    proxy = await BlobProxy.start(registry.port);
    await registry.push('large:1', [24 * mega]);
    image = `${proxy.host}/large:1`;
    tmux = await Tmux.start({ env: { ...device.clientEnv(), NO_COLOR: '1' } });
    await tmux.enter(`eli() { '${eliPath}' "$@"; }`);
    await device.waitForPhase('web', 'Running');
  });
  after(async () => {
    await tmux?.close();
    await Promise.all([device?.close(), registry?.close(), proxy?.close()]);
  });

  it('shows a bar for each layer of a pull, in whatever width, and Ctrl-C takes all of it away', async () => {
    const mode = await tmux.run('stty -a');
    // Each try gets a few more, and none of the three is whole.
    proxy.stallAfterBytes = 4 * mega;
    await tmux.clear();
    await tmux.enter(`eli image pull ${image}`);
    const half = await tmux.shows(/\[=+>-+\]/);
    const [command, doing, ...bars] = half.split('\n');
    assert.equal(command, `$ eli image pull ${image}`);
    assert.equal(doing?.replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, 'S'), `  S Pulling ${image}`);
    for (const bar of bars)
      assert.match(bar, /^ {4}[0-9a-f]{12} {2}\[[=>-]+\] +[\d.]+[kM]?B\/[\d.]+[kM]?B( +[\d.]+[kM]?B\/s)?$/);
    assert.ok(half.split('\n').every((line) => line.length < 80));
    assert.equal(await tmux.isCursorSeen(), true);

    await tmux.press('C-c');
    await tmux.waits();
    assert.match(await tmux.history(), new RegExp(`^\\$ eli image pull ${image}\\n(\\^C)?\\$$`));
    assert.equal(await tmux.isCursorSeen(), true);
    assert.equal(await tmux.run('echo $code; stty -a'), `130\n${mode}`);
  });

  it('fits what it draws into a narrow terminal, and into one that changes', async () => {
    await tmux.resize(40, 24);
    await tmux.run('until stty size | grep " 40"; do :; done');
    await tmux.clear();
    await tmux.enter(`eli image pull ${image}`);
    const narrow = await tmux.shows(/\n {4}[0-9a-f]{12} {2}(?:\[[=>-]+\] +)?[\d.]+MB\/24MB$/m);
    assert.equal(narrow.match(/Pulling/g)?.length, 1);
    assert.ok(narrow.split('\n').every((line) => line.length <= 40));
    await tmux.resize(80, 24);
    await tmux.shows(/\[=+>-+\] +[\d.]+MB\/24MB +\d/);
    // What tmux moved out of its screen meanwhile is not ours to take away.
    await tmux.press('C-c');
    assert.doesNotMatch(await tmux.waits(), /Pulling|MB/);
    assert.equal(await tmux.isCursorSeen(), true);
  });

  it('leaves the cursor and the mode as they were also when it is killed', async () => {
    const mode = await tmux.run('stty -a');
    await tmux.clear();
    await tmux.enter(`sh -c 'echo pid $$; exec ${eliPath} image pull ${image}'`);
    const screen = await tmux.shows(/pid \d+[\s\S]*MB\/24MB/);
    process.kill(Number(/pid (\d+)/.exec(screen)?.[1]), 'SIGKILL');
    // What was drawn last stands there, and the prompt under it.
    assert.match(await tmux.waits(), /MB\/24MB[^\n]*\n(?:Killed\n)?$|MB\/24MB[^\n]*(?:\nKilled)?$/);
    assert.equal(await tmux.isCursorSeen(), true);
    assert.equal(await tmux.run('echo $code; stty -a'), `137\n${mode}`);
  });

  it('goes on with a pull where it was, and leaves one line', async () => {
    proxy.stallAfterBytes = undefined;
    proxy.hangUp();
    assert.equal(await tmux.run(`eli image pull ${image}`), `image/${image} pulled`);
    assert.match(
      await tmux.run('eli image list --no-headers | grep large'),
      /\/large +1 +[0-9a-f]{12} +25\.1MB +Present +<none>$/,
    );
  });

  it('shows how much of an archive was sent, and Ctrl-C ends it', async () => {
    const fifo = join(device.directory, 'archive');
    await tmux.run(`mkfifo ${fifo}; mode=$(stty -g)`);
    // Half an archive, and a writer that stays.
    await tmux.clear();
    await tmux.enter(`(head -c 3000000 /dev/zero; sleep 60) > ${fifo} & eli image load - < ${fifo}`);
    const sending = await tmux.shows(/Sending/);
    assert.match(sending, /\n {2}[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Sending - {2}/);
    await tmux.press('C-c');
    const left = await tmux.waits();
    assert.doesNotMatch(left, /Sending/);
    assert.match(await tmux.run('kill $!; wait $!; test "$(stty -g)" = "$mode" && echo same'), /^same/m);
  });

  it('gives a remote shell the terminal, with its size as it changes, and takes it back', async () => {
    const mode = await tmux.run('stty -a');
    await tmux.clear();
    await tmux.enter('eli exec -it web -- sh');
    await tmux.shows(/\/ # $|\/ #$/);
    await tmux.enter('stty size');
    await tmux.shows(/\n24 80\n/);
    await tmux.resize(100, 30);
    await tmux.enter('until stty size | grep "30 100"; do :; done');
    await tmux.shows(/\n30 100\n/);
    await tmux.resize(80, 24);
    await tmux.enter('until stty size | grep "24 80"; do :; done');
    await tmux.shows(/\n24 80\n/);
    await tmux.enter('exit 7');
    await tmux.waits();
    assert.equal(await tmux.run('echo $code; stty -a'), `7\n${mode}`);
  });

  it('takes the terminal back when it is told to end', async () => {
    const mode = await tmux.run('stty -a');
    await tmux.clear();
    await tmux.enter(`sh -c 'echo pid $$; exec ${eliPath} exec -it web -- sh'`);
    const screen = await tmux.shows(/pid \d+[\s\S]*\/ #/);
    process.kill(Number(/pid (\d+)/.exec(screen)?.[1]), 'SIGTERM');
    // The remote prompt stands there still.
    await tmux.shows(/\/ # \$$/);
    assert.equal(await tmux.run('echo $code; stty -a'), `143\n${mode}`);
  });

  it('writes no escape code where nobody looks, and nothing that moves with --quiet', async () => {
    const load = `eli image pull ${image}`;
    assert.equal(await tmux.run(`${load} 2>&1 | cat -v`), `image/${image} pulled`);
    const { stdout, stderr } = await device.eli(['image', 'pull', image]);
    assert.deepEqual([stdout, stderr], [`image/${image} pulled\n`, '']);
    // All that a terminal gets, as script(1) keeps it.
    const file = join(device.directory, 'typescript');
    await tmux.run(`script -qec "${eliPath} -q image pull ${image}" ${file}`);
    assert.match(await tmux.run(`grep -c "$(printf '\\033')" ${file}`), /^0$/);
  });

  it('says in colour what has failed, unless NO_COLOR is set', async () => {
    const failing = `${eliPath} get pod nope 2>&1`;
    assert.match(
      await tmux.run(`NO_COLOR= CLICOLOR_FORCE=1 ${failing} | cat -v`),
      /^\^\[\[31mError from server \(NotFound\):\^\[\[39m pods "nope" not found$/m,
    );
    assert.match(await tmux.run(`${failing} | cat -v`), /^Error from server \(NotFound\): pods "nope" not found$/m);
  });
});
