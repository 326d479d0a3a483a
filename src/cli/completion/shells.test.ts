/** The scripts in the shells that they are for, and what they ask a device that is there, that is slow, or that is not. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eli } from '../../testing/eli-runner.ts';
import { LocalDevice } from '../../testing/local-device.ts';
import { addTestImage } from '../../testing/test-images.ts';
import { startTestPod } from '../../testing/test-pods.ts';
import { shellScripts } from './shell-scripts.ts';

const program = fileURLToPath(new URL('../../bin/eli.ts', import.meta.url));

describe('completion', () => {
  let device: LocalDevice;
  let directory: string;
  let env: Record<string, string>;

  before(async () => {
    device = await LocalDevice.start();
    await startTestPod(device.client, { name: 'web-1', containers: ['main', 'sidecar'] });
    await startTestPod(device.client, { name: 'web-2' });
    await startTestPod(device.client, { name: 'system', namespace: 'kube-system' });
    await addTestImage(device.client, 'docker.io/library/busybox:1.36');
    directory = await mkdtemp(join(tmpdir(), 'eliot-completion-'));
    // The program under its name, as a shell finds it.
    await writeFile(join(directory, 'eli'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
    await chmod(join(directory, 'eli'), 0o755);
    env = {
      PATH: `${directory}:${process.env['PATH']}`,
      HOME: directory,
      ELIOT_RUN_DIR: device.runDirectory,
      KUBECONFIG: '',
      LC_ALL: 'C.UTF-8',
    };
    for (const [shell, script] of Object.entries(shellScripts)) await writeFile(join(directory, shell), script);
  });
  after(async () => {
    await device.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function run(shell: string, args: readonly string[]): Promise<readonly string[]> {
    const { stdout, stderr } = await promisify(execFile)(shell, args, { env, cwd: directory, timeout: 30_000 });
    assert.equal(stderr, '');
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** What each shell offers for a line; the last word of it is what is replaced, as that shell counts. */
  const offers: Readonly<Record<string, (line: string) => Promise<readonly string[]>>> = {
    bash: (line) =>
      run('bash', [
        '--norc',
        '-c',
        `source ${directory}/bash; COMP_LINE=$1 COMP_POINT=\${#1}; compopt() { echo "compopt $*"; }; _eli_complete eli; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        line,
      ]),
    fish: async (line) =>
      (await run('fish', ['--no-config', '-c', `source ${directory}/fish; complete -C"${line}"`])).map(
        (offer) => offer.split('\t')[0] ?? '',
      ),
    zsh: async (line) => {
      // The builtin of the completion system, and its words, are all that the function meets.
      const words = line.split(' ').map((word) => `'${word}'`);
      const script = [
        'compdef() { : }; _files() { print -r -- :files }',
        `compadd() { local name=\${@[-1]}; print -rl -- \${(P)name} }`,
        `source ${directory}/zsh`,
        `words=(${words.join(' ')}); CURRENT=${words.length}; _eli`,
      ];
      return await run('zsh', ['-f', '-c', script.join('\n')]);
    },
  };

  for (const [shell, offered] of Object.entries(offers)) {
    it(`gives ${shell} names from the device, verbs and flags`, async () => {
      assert.deepEqual(await offered('eli get pods web'), ['web-1', 'web-2']);
      assert.deepEqual(await offered('eli get pods -n kube-system '), ['system']);
      assert.deepEqual(await offered('eli logs web-1 -c s'), ['sidecar']);
      assert.deepEqual(await offered('eli roll'), ['rollout']);
      assert.deepEqual(await offered('eli get --all-names'), ['--all-namespaces']);
    });
  }

  it('completes words with a colon in bash, which takes it for the end of one', async () => {
    const { bash: offered } = offers;
    assert.deepEqual(await offered?.('eli image rm busybox:1'), ['1.36']);
    assert.deepEqual(await offered?.('eli image rm busy'), ['busybox:1.36']);
    assert.deepEqual(await offered?.('eli get --namespace=kube-s'), ['kube-system']);
    assert.deepEqual(await offered?.('eli get --kubec'), ['compopt -o nospace', '--kubeconfig=']);
    assert.deepEqual(await offered?.('eli apply -f '), ['compopt -o default']);
  });

  it('completes the names of files in fish and zsh', async () => {
    assert.deepEqual(await offers['zsh']?.('eli apply -f '), [':files']);
    assert.ok((await offers['fish']?.('eli apply -f ba'))?.includes('bash'));
  });

  it('prints each script, and says which there are', async () => {
    for (const [shell, script] of Object.entries(shellScripts)) {
      assert.equal((await eli(['completion', shell])).stdout, script);
    }
    const { exitCode, stderr } = await eli(['completion', 'csh']);
    assert.deepEqual(
      [exitCode, stderr],
      [1, 'error: no completion for the shell "csh"\n  there is: bash, zsh, fish\n'],
    );
  });

  describe('of a device that does not answer', () => {
    let silent: Server;
    before(async () => {
      // Takes connections and says nothing.
      silent = createServer(() => {});
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    });
    after(() => silent.close());

    it('gives up after a second, in silence, and still knows what needs no device', async () => {
      const address = silent.address();
      const port = typeof address === 'object' ? address?.port : 0;
      const config = {
        kind: 'Config',
        clusters: [{ name: 'a', cluster: { server: `https://127.0.0.1:${port}` } }],
        contexts: [{ name: 'a', context: { cluster: 'a' } }],
        'current-context': 'a',
      };
      const file = await device.write('silent.kubeconfig', JSON.stringify(config));
      const ask = (...words: string[]) => eli(['__complete', '--', '--kubeconfig', file, ...words]);
      const beganAt = performance.now();
      assert.deepEqual(await ask('get', 'pods', ''), { exitCode: 0, stdout: ':end\n', stderr: '' });
      const kinds = await ask('get', 'po');
      assert.deepEqual([kinds.stdout, kinds.stderr], ['pods\n:end\n', '']);
      // Each would wait five seconds for its connection otherwise.
      assert.ok(performance.now() - beganAt < 9_000);
      assert.match((await ask('rollout', 'sta')).stdout, /^status\t/);
    });

    it('is silent when there is none, or no kubeconfig that can be read', async () => {
      const nowhere = { ELIOT_RUN_DIR: '/nonexistent', HOME: '/nonexistent' };
      for (const words of [
        ['get', 'pods', ''],
        ['--kubeconfig', '/nonexistent', 'logs', ''],
        ['--context', ''],
      ]) {
        assert.deepEqual(await eli(['__complete', '--', ...words], { env: nowhere }), {
          exitCode: 0,
          stdout: ':end\n',
          stderr: '',
        });
      }
    });
  });
});
