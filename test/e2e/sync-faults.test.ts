/** File sync when something goes wrong: who must not, who wants to get out, kills, full disks and bad links. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jsonFrame } from '../../src/api/sync/frames.ts';
import { loadKubeconfig } from '../../src/client/kubeconfig.ts';
import { openSyncStream } from '../../src/client/sync-stream.ts';
import { Transport } from '../../src/client/transport.ts';
import { createSystemClock } from '../../src/lib/clock.ts';
import { runOk } from '../support/command.ts';
import { TestDevice } from '../support/device.ts';
import { LoopDisk } from '../support/loop-disk.ts';
import { findProcesses } from '../support/processes.ts';
import { Relay } from '../support/relay.ts';
import { codeDirectory, codePod, TestSync } from '../support/sync-session.ts';
import { waitFor } from '../support/wait.ts';

/** Every file below a directory, with its content. */
function filesIn(root: string): Map<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => !name.startsWith('.eliot'));
  const files = names.filter((name) => statSync(join(root, name)).isFile());
  return new Map(files.sort().map((name) => [name, readFileSync(join(root, name)).toString('base64')]));
}

describe('file sync on a device', () => {
  let device: TestDevice;
  let disk: LoopDisk;
  const outside = mkdtempSync(join(tmpdir(), 'eliot-sync-outside-'));
  before(async () => {
    device = await TestDevice.start();
    disk = await LoopDisk.mount(join(device.directory, 'pods.img'), join(device.dataDir, 'pods'));
    await device.create(codePod('web', { securityContext: { runAsUser: 1234, fsGroup: 4321 } }));
    await device.create(codePod('root'));
    await device.create(codePod('memory', {}, { emptyDir: { medium: 'Memory', sizeLimit: '2Mi' } }));
    await device.create(codePod('host', {}, { hostPath: { path: outside } }));
    for (const pod of ['web', 'root', 'memory', 'host']) await device.waitForPhase(pod, 'Running');
  });
  after(async () => {
    await device?.kubectl(['delete', 'pod', '--all', '--force', '--grace-period=0']);
    await device?.stopDaemon('SIGTERM');
    await disk?.unmount();
    await device?.close();
    rmSync(outside, { recursive: true, force: true });
  });

  async function withSync(action: (sync: TestSync) => Promise<void>): Promise<void> {
    const sync = new TestSync();
    try {
      await action(sync);
    } finally {
      await sync.close();
    }
  }

  it('is for developers, not for viewers, and stands in the audit log', async () => {
    const path = `/apis/eliot.run/v1alpha1/namespaces/default/pods/web/sync?volume=code&session=${'0'.repeat(32)}`;
    const answerTo = async (group: string): Promise<string> => {
      const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
      const key = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol: v1.sync.eliot.run'];
      const who = [`Impersonate-User: ${group}-ann`, `Impersonate-Group: eliot:${group}`];
      const headers = [...upgrade, ...key, ...who].flatMap((header) => ['-H', header]);
      const socket = ['--unix-socket', join(device.runDir, 'eliotd.sock')];
      const { stdout } = await runOk('sh', [
        '-c',
        'curl -sN --http1.1 --max-time 2 -o /dev/null -w "%{http_code}" "$@" || true',
        'curl',
        ...socket,
        ...headers,
        `http://localhost${path}`,
      ]);
      return stdout.trim();
    };
    assert.equal(await answerTo('viewers'), '403');
    assert.equal(await answerTo('developers'), '101');
    await waitFor('the audit log', () => {
      const log = readFileSync(join(device.dataDir, 'audit/audit.log'), 'utf8');
      return ['viewers-ann', 'developers-ann'].every((name) => log.includes(name)) && log.includes('/sync?volume=code');
    });
  });

  it('gives files to the user and group of the pod, on disk and in memory', async () => {
    await withSync(async (sync) => {
      mkdirSync(sync.path('d'));
      writeFileSync(sync.path('d/a'), 'a');
      await sync.start(device, 'web');
      await sync.session.first;
      const { stdout } = await device.kubectlOk(['exec', 'web', '--', 'stat', '-c', '%u %g', '/code/d', '/code/d/a']);
      assert.equal(stdout, '1234 4321\n1234 4321\n');
      await device.kubectlOk(['exec', 'web', '--', 'sh', '-c', 'echo more >> /code/d/a && touch /code/d/own']);
    });
    await withSync(async (sync) => {
      writeFileSync(sync.path('a'), 'in memory');
      await sync.start(device, 'memory');
      await sync.session.first;
      const { stdout } = await device.kubectlOk(['exec', 'memory', '--', 'sh', '-c', 'ls -A /code; cat /code/a']);
      assert.equal(stdout.replace(/^\.eliot-sync-staging.*\n/, ''), 'a\nin memory');
    });
  });

  it('says what is wrong with the volume', async () => {
    for (const [pod, volume, message] of [
      ['host', 'code', /volume "code" is no emptyDir/],
      ['web', 'data', /pod web has no volume "data"; it has: code/],
      ['nobody', 'code', /pods "nobody" not found/],
    ] as const) {
      await withSync(async (sync) => {
        await sync.start(device, pod, { volume });
        await assert.rejects(sync.session.first, message);
      });
    }
  });

  it('refuses a client that names a place outside of the volume', async () => {
    const target = await loadKubeconfig({ paths: [device.kubeconfig], readFile });
    const transport = new Transport(target.transport);
    const session = { namespace: 'default', pod: 'root', volume: 'code', session: '1'.repeat(32), isResumed: false };
    for (const path of ['../evil', '/tmp/evil', 'a/../../evil']) {
      const deps = { transport, clock: createSystemClock() };
      const stream = await openSyncStream(deps, session, new AbortController().signal);
      stream.write(jsonFrame({ do: 'open', follow: false, rules: [] }));
      stream.write(jsonFrame({ do: 'makeDirectory', n: 1, path, entry: { kind: 'directory', mode: 0o755 } }));
      let answer = '';
      for await (const chunk of stream) answer += String(chunk);
      assert.match(answer, /"is":"fatal","code":"Invalid","message":"a message has a bad path"/);
    }
    transport.close();
  });

  it('is not led out of the volume by a container that exchanges directories for links all the time', async () => {
    await withSync(async (sync) => {
      mkdirSync(sync.path('d/e'), { recursive: true });
      writeFileSync(sync.path('d/e/f'), '0');
      await sync.start(device, 'root');
      await sync.session.first;
      const swap = `cd /code; while :; do mv d x; ln -s ${outside} d; rm d; mv x d; mv d/e d/x; ln -s ${outside} d/e; rm d/e; mv d/x d/e; done`;
      const swapping = device.kubectlBackground(['exec', 'root', '--', 'sh', '-c', `${swap} 2>/dev/null`]);
      try {
        const end = performance.now() + 2_500;
        for (let count = 0; performance.now() < end; count += 1) {
          writeFileSync(sync.path(`d/e/${count % 50}`), String(count));
          if (count % 20 === 0) rmSync(sync.path('d/e/f'), { force: true });
          await new Promise((resolve) => setTimeout(resolve, 3));
        }
      } finally {
        await swapping.stop();
        await device.kubectl(['exec', 'root', '--', 'pkill', '-f', 'ln -s']);
      }
      assert.deepEqual(readdirSync(outside), []);
    });
  });

  it('has everything, byte-exact, after eliotd was killed in the middle of the first sync', async () => {
    await withSync(async (sync) => {
      for (let index = 0; index < 2_000; index += 1) {
        mkdirSync(sync.path(`many/${index % 40}`), { recursive: true });
        writeFileSync(sync.path(`many/${index % 40}/${index}`), randomBytes(4_000));
      }
      const there = await codeDirectory(device, 'root');
      await sync.start(device, 'root');
      await waitFor('some of it', () => existsSync(join(there, 'many/20')), { intervalMs: 1 });
      await device.stopDaemon('SIGKILL');
      await device.startDaemon();
      await sync.session.first;
      assert.deepEqual(filesIn(join(there, 'many')), filesIn(sync.path('many')));
      await sync.session.close();
      const children = (): unknown[] => findProcesses((args) => args.some((arg) => arg.includes(there)));
      await waitFor('the end of the children', () => children().length === 0);
      const staging = join(there, '../../eliot.run~sync/code');
      assert.deepEqual(existsSync(staging) ? readdirSync(staging) : [], []);
    });
  });

  it('says that the disk is full, leaves nothing half, and goes on when there is room', async () => {
    await withSync(async (sync) => {
      const there = await codeDirectory(device, 'root');
      const pods = join(device.dataDir, 'pods');
      const filler = join(pods, 'filler');
      const free = (): number => statfsSync(pods).bfree * statfsSync(pods).bsize;
      await runOk('fallocate', ['-l', String(free() - 60_000_000), filler]);
      // To the last block, whatever the file system keeps for itself; then three megabytes less.
      await runOk('sh', [
        '-c',
        'dd if=/dev/zero of="$1" bs=256k 2>/dev/null; truncate -s -3M "$1"',
        'fill',
        `${filler}2`,
      ]);
      writeFileSync(sync.path('small'), 'fits');
      writeFileSync(sync.path('big'), randomBytes(8_000_000));
      writeFileSync(join(there, 'big'), 'the old one');
      await sync.start(device, 'root');
      const blocked = await waitFor('word of it', () => sync.states.find(({ kind }) => kind === 'blocked'));
      assert.ok(blocked.kind === 'blocked' && /no space left/.test(blocked.message), JSON.stringify(blocked));
      assert.equal(readFileSync(join(there, 'big'), 'utf8'), 'the old one');
      assert.equal(readFileSync(join(there, 'small'), 'utf8'), 'fits');
      rmSync(filler);
      rmSync(`${filler}2`);
      await sync.session.first;
      assert.ok(readFileSync(join(there, 'big')).equals(readFileSync(sync.path('big'))));
      assert.equal(sync.states.at(-1)?.kind, 'connected');
    });
  });

  it('goes on within a large file when the connection breaks, and when eliotd is killed', async () => {
    const relay = await Relay.start(device.port);
    const relayed = join(device.directory, 'relayed.kubeconfig');
    writeFileSync(relayed, readFileSync(device.kubeconfig, 'utf8').replace(`:${device.port}`, `:${relay.port}`));
    try {
      await withSync(async (sync) => {
        const size = 80_000_000;
        writeFileSync(sync.path('model'), randomBytes(size));
        const there = await codeDirectory(device, 'web');
        relay.cutAfterBytes = size / 3;
        await sync.start(device, 'web', { kubeconfig: relayed });
        await waitFor('two thirds', () => relay.sentBytes > (2 * size) / 3, {
          intervalMs: 1,
          timeoutMs: 120_000,
        });
        await device.stopDaemon('SIGKILL');
        await device.startDaemon();
        await sync.session.first;
        assert.equal(relay.cuts, 1);
        assert.ok(relay.sentBytes < 1.3 * size, `${relay.sentBytes / size} of the file`);
        assert.ok(readFileSync(join(there, 'model')).equals(readFileSync(sync.path('model'))));
      });
    } finally {
      relay.close();
    }
  });

  it('is taken over by whoever comes later, and ends with its pod, whose volume goes', async () => {
    const first = new TestSync();
    const second = new TestSync();
    try {
      await first.start(device, 'memory');
      await first.session.first;
      await second.start(device, 'memory');
      await second.session.first;
      await waitFor('the end of the first', () => first.failure !== undefined);
      assert.match(String(first.failure), /somebody else has begun to bring files to volume "code" of memory/);
      await device.kubectlOk(['delete', 'pod', 'memory', '--wait=true', '--timeout=30s']);
      await waitFor('the end of the second', () => second.failure !== undefined);
      assert.match(String(second.failure), /pods "memory" not found|is being deleted/);
      const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
      assert.deepEqual(
        mounts.filter((line) => line.includes(device.runDir) && line.includes('empty-dir/code')),
        [],
      );
    } finally {
      await first.close();
      await second.close();
    }
  });
});
