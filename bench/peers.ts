/** Other ways to start a container on this machine, when they are there: each with the same image, with its own network. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBusyboxImage } from '../scripts/busybox-image.ts';
import { type CommandResult, run, runOk } from '../test/support/command.ts';
import { testImage } from '../test/support/device.ts';
import { spreadOf, timeMs } from './statistics.ts';

export interface PeerResult {
  readonly what: string;
  /** Median of milliseconds from the command to the container's process; undefined with `why`. */
  readonly medianMs?: number;
  readonly why?: string;
}

interface Peer {
  readonly program: 'podman' | 'docker';
  readonly what: string;
  readonly start: readonly string[];
  readonly remove: readonly string[];
  readonly input?: string;
}

const name = 'eliot-bench-peer';
const pod = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    containers: [
      { name: 'main', image: testImage, imagePullPolicy: 'Never', command: ['sh', '-c', 'exec sleep 3600'] },
    ],
  },
});
const detached = ['run', '--detach', '--pull=never', `--name=${name}`, testImage, 'sleep', '3600'];
const forced = ['rm', '--force', '--time=0', name];

const peers: readonly Peer[] = [
  { program: 'podman', what: 'podman run', start: detached, remove: forced },
  {
    program: 'podman',
    what: 'podman kube play',
    start: ['kube', 'play', '-'],
    remove: ['pod', 'rm', '--force', '--time=0', name],
    input: pod,
  },
  { program: 'docker', what: 'docker run', start: detached, remove: ['rm', '--force', name] },
];

/** Starts and removes a container `rounds` times with each peer that works here. */
export async function measurePeers(rounds: number): Promise<readonly PeerResult[]> {
  const results: PeerResult[] = [];
  for (const program of ['podman', 'docker'] as const) {
    const own = peers.filter((peer) => peer.program === program);
    const why = await whyNot(program);
    if (why !== undefined) {
      results.push(...own.map(({ what }) => ({ what, why })));
      continue;
    }
    const directory = mkdtempSync(join(tmpdir(), 'eliot-peer-'));
    try {
      const archive = join(directory, 'image.tar');
      writeFileSync(archive, await makeBusyboxImage({ name: testImage }));
      await runOk(program, ['load', '-i', archive]);
      // Where the kernel lets nobody raise a limit (no CAP_SYS_RESOURCE), podman's own limits keep it from working.
      const env = { CONTAINERS_CONF: join(directory, 'containers.conf') };
      writeFileSync(env.CONTAINERS_CONF, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n');
      for (const peer of own) results.push(await measure(peer, rounds, env));
    } finally {
      await run(program, ['rmi', '--force', testImage]);
      rmSync(directory, { recursive: true });
    }
  }
  return results;
}

async function whyNot(program: string): Promise<string | undefined> {
  const info = await run(program, ['info']).catch((error: unknown): CommandResult | Error => error as Error);
  if (info instanceof Error) return 'not on this machine';
  return info.exitCode === 0 ? undefined : 'does not run here';
}

async function measure(
  { program, what, start, remove, input }: Peer,
  rounds: number,
  env: Readonly<Record<string, string>>,
): Promise<PeerResult> {
  const times: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      times.push(await timeMs(() => runOk(program, start, input === undefined ? { env } : { env, input })));
      await runOk(program, remove);
    }
  } catch (error) {
    return { what, why: String(error).split('\n').slice(0, 2).join(' ').slice(0, 200) };
  } finally {
    await run(program, remove);
  }
  return { what, medianMs: spreadOf(times).median };
}
