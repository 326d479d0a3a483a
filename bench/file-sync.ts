/** How long a saved file takes to be in a container, and how file sync compares with rsync on the same files. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run, runOk } from '../test/support/command.ts';
import { freePort, type TestDevice } from '../test/support/device.ts';
import { codeDirectory, codePod, TestSync } from '../test/support/sync-session.ts';
import { waitFor } from '../test/support/wait.ts';
import { spreadOf, timeMs } from './statistics.ts';

type Row = (what: string, budget: string, measured: string, isMet?: boolean) => void;

const files = 10_000;
const saves = 200;
const largeBytes = 1024 * 1024 * 1024;
const changedBytes = 1024 * 1024;

const ms = (value: number): string => `${value.toFixed(0)} ms`;
const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** Everything over the loopback, TLS included for file sync; rsync's daemon encrypts nothing. */
export async function measureFileSync(device: TestDevice, row: Row): Promise<void> {
  await device.create(codePod('sync'));
  await device.waitForPhase('sync', 'Running');
  const there = await codeDirectory(device, 'sync');
  const rsync = await Rsync.start();
  try {
    await measureManyFiles(device, there, rsync, row);
    await measureLargeFile(device, there, rsync, row);
  } finally {
    rsync.stop();
    await device.kubectl(['delete', 'pod', 'sync', '--force', '--grace-period=0']);
  }
}

async function measureManyFiles(device: TestDevice, there: string, rsync: Rsync, row: Row): Promise<void> {
  const sync = new TestSync();
  try {
    for (let index = 0; index < files; index += 1) {
      const directory = sync.path(`src/${index % 200}`);
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, `file-${index}.js`), randomBytes(200 + ((index * 37) % 8_000)));
    }
    const byRsync = await timeMs(() => rsync.push(sync.directory, 'many'));
    const first = await timeMs(async () => {
      await sync.start(device, 'sync');
      await sync.session.first;
    });
    const ratio = `${ms(first)} = ${(first / byRsync).toFixed(2)} x`;
    row(`rsync: first sync of ${files} files`, '', ms(byRsync));
    row(`file sync: first sync of ${files} files`, '', ratio);

    const times: number[] = [];
    for (let index = 0; index < saves; index += 1) {
      await delay(20 + (index % 7) * 10);
      times.push(await saveAndSee(sync.path('src/7/file-7.js'), join(there, 'src/7/file-7.js'), index));
    }
    const p95 = times.sort((a, b) => a - b)[Math.ceil(0.95 * times.length) - 1] ?? 0;
    row('saved to visible in the container: median', '', `${spreadOf(times).median.toFixed(1)} ms`);
    row('saved to visible in the container: p95', '<= 100 ms', `${p95.toFixed(1)} ms`, p95 <= 100);
  } finally {
    await sync.close();
  }
}

/** Milliseconds; every second save is a new file that takes the old one's place, as editors do it. */
async function saveAndSee(here: string, there: string, index: number): Promise<number> {
  const content = `// version ${index}\n`;
  const startedMs = performance.now();
  if (index % 2 === 0) writeFileSync(here, content);
  else {
    writeFileSync(`${here}.swp`, content);
    renameSync(`${here}.swp`, here);
  }
  await waitFor('the saved file', () => readFileSync(there, 'utf8') === content, { intervalMs: 1, timeoutMs: 5_000 });
  return performance.now() - startedMs;
}

async function measureLargeFile(device: TestDevice, there: string, rsync: Rsync, row: Row): Promise<void> {
  const sync = new TestSync();
  const what = `${mib(largeBytes)} with ${mib(changedBytes)} changed`;
  try {
    const file = openSync(sync.path('large'), 'w');
    for (let at = 0; at < largeBytes; at += 16 * 1024 * 1024) writeSync(file, randomBytes(16 * 1024 * 1024));
    await rsync.push(sync.directory, 'large');
    await sync.start(device, 'sync');
    await sync.session.first;
    await sync.session.close();
    writeSync(file, randomBytes(changedBytes), 0, changedBytes, largeBytes / 2);
    const byRsync = await timeMs(() => rsync.push(sync.directory, 'large'));
    let sentBytes = 0;
    const took = await timeMs(async () => {
      await sync.start(device, 'sync');
      ({ sentBytes } = await sync.session.first);
    });
    await runOk('cmp', [sync.path('large'), join(there, 'large')]);
    row(`rsync: ${what}`, '', `${ms(byRsync)}, ${mib(rsync.sentBytes)} sent`);
    row(`file sync: ${what}`, '', `${ms(took)} = ${(took / byRsync).toFixed(2)} x, ${mib(sentBytes)} sent`);
  } finally {
    await sync.close();
  }
}

/** A daemon of rsync on the loopback, with a directory to write to. */
class Rsync {
  readonly #directory = mkdtempSync(join(tmpdir(), 'eliot-rsync-'));
  readonly #port: number;
  readonly #daemon: ChildProcess;
  /** By the last push, as rsync counts them. */
  sentBytes = 0;

  private constructor(port: number) {
    this.#port = port;
    const config = join(this.#directory, 'rsyncd.conf');
    const settings = [
      'use chroot = no',
      'uid = 0',
      'gid = 0',
      '[bench]',
      `path = ${this.#directory}`,
      'read only = no',
    ];
    writeFileSync(config, `${settings.join('\n')}\n`);
    const args = ['--daemon', '--no-detach', '--address=127.0.0.1', `--port=${port}`, `--config=${config}`];
    this.#daemon = spawn('rsync', args, { stdio: 'ignore' });
  }

  static async start(): Promise<Rsync> {
    const rsync = new Rsync(await freePort());
    await waitFor('rsync', async () => (await run('rsync', [rsync.#url('')])).exitCode === 0);
    return rsync;
  }

  async push(source: string, name: string): Promise<void> {
    const { stdout } = await runOk('rsync', ['-a', '--stats', `${source}/`, this.#url(name)], { timeoutMs: 300_000 });
    this.sentBytes = Number(/Total bytes sent: ([\d,]+)/.exec(stdout)?.[1]?.replaceAll(',', ''));
  }

  stop(): void {
    this.#daemon.kill('SIGTERM');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #url(name: string): string {
    return `rsync://127.0.0.1:${this.#port}/bench/${name}`;
  }
}
