/**
 * Measures the budgets of design D8 on the bundled programs, next to the same raw CRI calls in the same
 * run. Timings on a shared machine are noisy: compare the ratios. Prints a table and writes
 * `bench/results.json`.
 */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run, runOk } from '../test/support/command.ts';
import { shellPod, TestDevice, testImage } from '../test/support/device.ts';
import { findProcesses, kill9 } from '../test/support/processes.ts';
import { waitFor } from '../test/support/wait.ts';
import { type CommandTimes, compareCommands } from './command-times.ts';
import { measureFileSync } from './file-sync.ts';
import { timeFindDevices } from './find-devices.ts';
import { cpuMs, memoryOf, pssAloneMb, writtenBytes } from './memory.ts';
import { measurePeers } from './peers.ts';
import { measurePush } from './push-image.ts';
import { openRawCri, type RawPod } from './raw-cri.ts';
import { spreadOf, timeMs } from './statistics.ts';
import { timeUp } from './up-times.ts';

interface Row {
  readonly what: string;
  readonly budget: string;
  readonly measured: string;
  readonly isMet: boolean | undefined;
}

const rounds = Number(process.env['ELIOT_BENCH_ROUNDS'] ?? 10);
/** Commands take so little time that chance must have more rounds to even out. */
const commandRounds = Math.max(21, rounds);
const pods = Number(process.env['ELIOT_BENCH_PODS'] ?? 40);
const idleSeconds = Number(process.env['ELIOT_BENCH_IDLE_SECONDS'] ?? 60);

const rows: Row[] = [];
const row = (what: string, budget: string, measured: string, isMet?: boolean): void => {
  rows.push({ what, budget, measured, isMet });
  console.error(`• ${what}: ${measured}`);
};
const mb = (value: number): string => `${value.toFixed(1)} MB`;
const ms = (value: number): string => `${value.toFixed(0)} ms`;

// Without the test image at first: an idle device has loaded none. It announces itself, as every device does.
const device = await TestDevice.start({ image: false, runOnTmpfs: true, args: ['--discovery'] });
try {
  await measureIdle();
  await measureStart();
  await device.loadImage(testImage);
  await measurePods();
  await measureUp();
  await measureManyPods();
  await device.kubectlOk(['delete', 'pod', '--all', '--force', '--grace-period=0'], { timeoutMs: 120_000 });
  await measureFileSync(device, row);
  for (const { way, tookMs, sentBytes } of await measurePush(device)) {
    const isMet = way === 'eli push' ? sentBytes <= 2_000_000 : undefined;
    const budget = way === 'eli push' ? '<= 2 MB sent' : '';
    row(`${way}: 1 MB of 100 MB is new, until it has run`, budget, `${ms(tookMs)}, ${mb(sentBytes / 1e6)} sent`, isMet);
  }
} finally {
  await device.close();
}
for (const { what, medianMs, why } of await measurePeers(rounds)) {
  row(what, '', medianMs === undefined ? (why ?? '') : ms(medianMs));
}

console.log(`\n${'what'.padEnd(58)} ${'budget'.padEnd(22)} ${'measured'.padEnd(34)} met`);
for (const { what, budget, measured, isMet } of rows) {
  const met = isMet === undefined ? '' : isMet ? 'yes' : 'NO';
  console.log(`${what.padEnd(58)} ${budget.padEnd(22)} ${measured.padEnd(34)} ${met}`);
}
const results = { date: new Date().toISOString(), node: process.version, rounds, pods, idleSeconds, rows };
writeFileSync(join(import.meta.dirname, 'results.json'), `${JSON.stringify(results, undefined, 2)}\n`);

function containerdPids(): number[] {
  return findProcesses(
    (args) => (args[0] ?? '').endsWith('/containerd') && args.some((arg) => arg.includes(device.runDir)),
  ).map(({ pid }) => pid);
}

function shimPids(): number[] {
  return findProcesses(
    (args) => (args[0] ?? '').includes('containerd-shim') && args.some((arg) => arg.includes(device.runDir)),
  ).map(({ pid }) => pid);
}

async function measureIdle(): Promise<void> {
  await delay(10_000);
  const idle = memoryOf([device.pid]);
  const alone = pssAloneMb(device.pid);
  row('eliotd, 0 pods, idle: PSS as the only Node program', '<= 65 MB', mb(alone), alone <= 65);
  row('eliotd, 0 pods, idle: PSS beside the benchmark', '', mb(idle.pssMb));
  row('eliotd, 0 pods, idle: anonymous', '<= 20 MB', mb(idle.anonymousMb), idle.anonymousMb <= 20);
  for (let index = 0; index < 300; index += 1) await getOverSocket('/api/v1/pods');
  const busy = memoryOf([device.pid]);
  row('eliotd after 300 requests: anonymous', '<= 28 MB', mb(busy.anonymousMb), busy.anonymousMb <= 28);
  const containerd = memoryOf(containerdPids());
  row('containerd, 0 pods: PSS', '', mb(containerd.pssMb));

  const watched = [device.pid, ...containerdPids()];
  await untilQuiet(watched);
  const before = writtenBytes(watched);
  await delay(idleSeconds * 1000);
  const written = writtenBytes(watched) - before;
  row(`written to disk in ${idleSeconds} s idle (eliotd and containerd)`, '0 bytes', `${written} bytes`, written === 0);
}

async function measureStart(): Promise<void> {
  const starts: number[] = [];
  for (let index = 0; index < Math.min(rounds, 5); index += 1) {
    await device.stopDaemon('SIGTERM');
    starts.push(
      await timeMs(async () => {
        const started = device.startDaemon();
        await waitFor('an answer of the API', () => getOverSocket('/livez').then(() => true), { intervalMs: 5 });
        void started.catch(() => {});
      }),
    );
    await device.waitForNode();
  }
  const { median, min, max } = spreadOf(starts);
  row('start to the first answer of the API', '<= 400 ms', `${ms(median)} (${ms(min)} - ${ms(max)})`, median <= 400);
}

async function measurePods(): Promise<void> {
  const raw = openRawCri(device, testImage);
  const rawStarts: number[] = [];
  const eliotStarts: number[] = [];
  const rawRestarts: number[] = [];
  const rawReplacements: number[] = [];
  const eliotRestarts: number[] = [];
  try {
    await raw.removePod(await raw.startPod());
    for (let index = 0; index < rounds; index += 1) {
      let pod: RawPod | undefined;
      rawStarts.push(
        await timeMs(async () => {
          pod = await raw.startPod();
        }),
      );
      if (pod) {
        const started = pod;
        rawRestarts.push(await timeMs(() => raw.createAndStart(started, 1)));
        await raw.removePod(started);
        const killed = await raw.startPod();
        rawReplacements.push(await raw.replaceKilled(killed, await pidOf(killed.container)));
        await raw.removePod(killed);
      }
      const name = `bench-${index}`;
      eliotStarts.push(await timeMs(() => createAndWait(name)));
      eliotRestarts.push(await killAndWait(name));
      await device.kubectlOk(['delete', 'pod', name, '--force', '--grace-period=0']);
    }
  } finally {
    await raw.close();
  }
  const [rawStart, start] = [spreadOf(rawStarts), spreadOf(eliotStarts)];
  row('raw CRI: sandbox + create + start', '', `${ms(rawStart.median)} (${ms(rawStart.min)} - ${ms(rawStart.max)})`);
  const startRatio = start.median / rawStart.median;
  row(
    'POST of a pod to Running',
    '<= 1.15 x raw',
    `${ms(start.median)} = ${startRatio.toFixed(2)} x`,
    startRatio <= 1.15,
  );
  const [rawRestart, restart] = [spreadOf(rawRestarts), spreadOf(eliotRestarts)];
  row('raw CRI: create + start', '', `${ms(rawRestart.median)} (${ms(rawRestart.min)} - ${ms(rawRestart.max)})`);
  const replacement = spreadOf(rawReplacements).median;
  row(
    'raw CRI: kill, its event, create + start',
    '',
    `${ms(replacement)} = ${(replacement / rawRestart.median).toFixed(2)} x`,
  );
  const restartRatio = restart.median / rawRestart.median;
  row(
    'killed container running again',
    '<= 1.3 x raw',
    `${ms(restart.median)} = ${restartRatio.toFixed(2)} x`,
    restartRatio <= 1.3,
  );
}

async function measureUp(): Promise<void> {
  const { firstMs, againMs } = await timeUp(device, rounds);
  const [first, again] = [spreadOf(firstMs), spreadOf(againMs)];
  row(
    'eli up: Enter to the first output of the program',
    '',
    `${ms(first.median)} (${ms(first.min)} - ${ms(first.max)})`,
  );
  row('eli up: file saved to the next first output', '', `${ms(again.median)} (${ms(again.min)} - ${ms(again.max)})`);
}

async function measureManyPods(): Promise<void> {
  await delay(3_000);
  const empty = memoryOf([device.pid]);
  const took = await timeMs(async () => {
    const items = Array.from({ length: pods }, (_, index) => shellPod(`many-${index}`, 'exec sleep 3600'));
    await device.create({ apiVersion: 'v1', kind: 'List', items });
    await device.kubectlOk(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=120s'], { timeoutMs: 130_000 });
  });
  const rawTook = await measureManyRaw();
  row(`raw CRI: ${pods} pods, 4 at once`, '', ms(rawTook));
  row(`${pods} pods created to all Ready`, '', `${ms(took)} = ${(took / rawTook).toFixed(2)} x`);
  await delay(10_000);
  const full = memoryOf([device.pid]);
  const each = (full.anonymousMb - empty.anonymousMb) / pods;
  row(`eliotd, ${pods} pods: PSS`, '', mb(pssAloneMb(device.pid)));
  row(`eliotd, ${pods} pods: anonymous a pod`, '<= 0.25 MB', `${each.toFixed(2)} MB`, each <= 0.25);
  row(`containerd, ${pods} pods: PSS`, '', mb(memoryOf(containerdPids()).pssMb));
  row(`shims, ${pods} pods: PSS`, '', mb(memoryOf(shimPids()).pssMb));

  const watched = [device.pid, ...containerdPids()];
  await untilQuiet(watched);
  const writtenBefore = writtenBytes(watched);
  const cpuBefore = cpuMs(device.pid);
  await delay(idleSeconds * 1000);
  const load = ((cpuMs(device.pid) - cpuBefore) / (idleSeconds * 1000)) * 100;
  row(`eliotd, ${pods} pods, idle: CPU`, '<= 0.3 % of a core', `${load.toFixed(2)} %`, load <= 0.3);
  const written = writtenBytes(watched) - writtenBefore;
  row(`written to disk in ${idleSeconds} s with ${pods} pods`, '0 bytes', `${written} bytes`, written === 0);

  await measureCommands();
}

/** What a person waits for: both programs over TLS, with the same kubeconfig. */
async function measureCommands(): Promise<void> {
  const { kubectl, eli } = await compareCommands(
    {
      kubectl: () => device.kubectlOk(['get', 'pods']),
      eli: () => device.eliOk(['get', 'pods']),
    },
    commandRounds,
  );
  const both = ({ wallMs, cpuMs }: CommandTimes): string => `${ms(wallMs)}, CPU ${ms(cpuMs)}`;
  const ratios = (one: CommandTimes, other: CommandTimes): string =>
    `${(one.wallMs / other.wallMs).toFixed(2)} x, CPU ${(one.cpuMs / other.cpuMs).toFixed(2)} x`;
  row(`kubectl get pods, ${pods} pods`, '', both(kubectl));
  row(`eli get pods, ${pods} pods`, '<= kubectl', ratios(eli, kubectl), eli.wallMs <= kubectl.wallMs);
  const { node, version } = await compareCommands(
    {
      node: () => runOk(process.execPath, ['-e', '0']),
      version: () => device.eliOk(['version', '--client']),
    },
    commandRounds,
  );
  const found = await timeFindDevices('device', Math.min(rounds, 5));
  row('eli get nodes, found by multicast', '<= 1000 ms', ms(found.median), found.median <= 1_000);
  row('node -e 0', '', both(node));
  row('eli version --client', '<= 1.5 x node -e 0', ratios(version, node), version.wallMs <= 1.5 * node.wallMs);
}

/**
 * Waits until what was asked for has been written: kept observations and the copy of the database follow a change
 * within about a minute, and containerd collects garbage; so it must have been quiet for longer than that. Gives up
 * after four minutes: then it is not idle.
 */
async function untilQuiet(pids: readonly number[]): Promise<void> {
  let written = writtenBytes(pids);
  for (let quiet = 0, waited = 0; quiet < 70 && waited < 240; waited += 5) {
    await delay(5_000);
    const now = writtenBytes(pids);
    quiet = now === written ? quiet + 5 : 0;
    written = now;
  }
}

/** Milliseconds for as many pods by raw CRI calls, as many at once as eliotd allows on two cores. */
async function measureManyRaw(): Promise<number> {
  const raw = openRawCri(device, testImage);
  const made: RawPod[] = [];
  try {
    const work = async (): Promise<void> => {
      for (let started = made.length; started < pods; started = made.length) {
        const index = made.push({} as RawPod) - 1;
        made[index] = await raw.startPod();
      }
    };
    const took = await timeMs(() => Promise.all([work(), work(), work(), work()]));
    for (const pod of made) await raw.removePod(pod);
    return took;
  } finally {
    await raw.close();
  }
}

/** Creates a pod by one request and watches until its status says Running. */
async function createAndWait(name: string): Promise<void> {
  const running = watchUntil(name, (pod) => pod.status.phase === 'Running');
  await postOverSocket('/api/v1/namespaces/default/pods', shellPod(name, 'exec sleep 3600'));
  await running;
}

/** Kills the container's process; milliseconds until its next run is Running. */
async function killAndWait(name: string): Promise<number> {
  const container =
    (await getPod(name)).status.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? 'none';
  const pid = await pidOf(container);
  const again = watchUntil(
    name,
    (pod) =>
      pod.status.containerStatuses?.[0]?.restartCount === 1 &&
      pod.status.containerStatuses[0].state?.running !== undefined,
  );
  const startedMs = performance.now();
  kill9(pid);
  await again;
  return performance.now() - startedMs;
}

/** The process of a container. */
async function pidOf(container: string): Promise<number> {
  const tasks = ['-a', join(device.runDir, 'containerd/containerd.sock'), '-n', 'k8s.io', 'tasks', 'ls'];
  const lines = (await run('ctr', tasks)).stdout.split('\n');
  return Number(lines.find((line) => line.startsWith(container))?.split(/\s+/)[1]);
}

interface PodSeen {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly containerID?: string;
      readonly state?: { readonly running?: object };
    }[];
  };
}

async function getPod(name: string): Promise<PodSeen> {
  return JSON.parse(await getOverSocket(`/api/v1/namespaces/default/pods/${name}`)) as PodSeen;
}

/** Resolves at the first watch event of the pod that satisfies `isReached`. */
function watchUntil(name: string, isReached: (pod: PodSeen) => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const path = `/api/v1/namespaces/default/pods?watch=1&fieldSelector=metadata.name%3D${name}`;
  const sent = request({ socketPath: join(device.runDir, 'eliotd.sock'), path }, (response) => {
    let rest = '';
    response.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { object } = JSON.parse(line) as { object: PodSeen };
        if (object.metadata.name === name && isReached(object)) {
          sent.destroy();
          resolve();
        }
      }
    });
  });
  sent.on('error', reject);
  sent.setTimeout(60_000, () => sent.destroy(new Error(`pod ${name} did not get there`)));
  sent.end();
  return promise;
}

function getOverSocket(path: string): Promise<string> {
  return sendOverSocket('GET', path, undefined);
}

function postOverSocket(path: string, object: object): Promise<string> {
  return sendOverSocket('POST', path, JSON.stringify(object));
}

function sendOverSocket(method: string, path: string, body: string | undefined): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const sent = request({ socketPath: join(device.runDir, 'eliotd.sock'), method, path, headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      if ((response.statusCode ?? 500) < 300) resolve(text);
      else reject(new Error(text));
    });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}
