/** Reads what a command line of `eli up` asks for, and all that is needed to know it. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Pod } from '../../api/kinds/pod/types.ts';
import type { CommandContext } from '../context.ts';
import { ownName } from '../pairing/own-name.ts';
import { parseEnv } from '../pod-parts/env.ts';
import { usualWorkdir } from '../project/detected-project.ts';
import type { OnChange } from '../project/on-change.ts';
import type { PortPair } from '../project/port-pair.ts';
import type { ProjectSettings, SyncPair } from '../project/project-settings.ts';
import { parseDevices } from '../run/parse-devices.ts';
import { parseLimits } from '../run/parse-limits.ts';
import { deviceMounts, parseHostNetwork, parseLeaseMs, parsePullPolicy } from '../run/pod-flags.ts';
import { readEnvFiles, readOfferedDevices } from '../run/read-pod-inputs.ts';
import { UsageError } from '../usage-error.ts';
import { computeUpPod, syncVolume } from './compute-up-pod.ts';
import { type Machine, readMachine } from './own-machine.ts';
import type { ReadSettings } from './read-settings.ts';
import type { UpFlags } from './up-flags.ts';

/** Longer than that of a run: a laptop that changes its network goes on with its work. */
const defaultLeaseMs = 60_000;
/** Programs that do not listen are not waited for each time that a file is saved as long as when they run for good. */
const defaultStopSeconds = '3';

/** One directory here, and the volume of the pod that follows it. */
export interface SyncPlan {
  /** Absolute path here. */
  readonly directory: string;
  readonly volume: string;
}

/** A session as it was asked for. */
export interface UpPlan {
  readonly pod: Pod;
  readonly lease: { readonly name: string; readonly durationMs: number };
  readonly owner: string;
  readonly machine: Machine | undefined;
  readonly syncs: readonly SyncPlan[];
  readonly ignore: readonly string[];
  readonly twoWay: boolean;
  readonly ports: readonly PortPair[];
  readonly onChange: OnChange;
  readonly stopMs: number;
  readonly keep: boolean;
  readonly takeOver: boolean;
}

/** @throws UsageError for what makes no sense, StatusError when the device cannot be asked */
export async function planUp(
  { directory, settings, detected }: ReadSettings,
  flags: UpFlags,
  context: CommandContext,
): Promise<UpPlan> {
  const { io } = context;
  const { image, name = '' } = settings;
  if (image === undefined) throw unknownProject(directory);
  if (settings.command === undefined && detected !== undefined) throw unknownProgram(detected.because);
  const hostNetwork = parseHostNetwork(flags.network);
  const pullPolicy = parsePullPolicy(flags.imagePull ?? 'missing');
  const durationMs = parseLeaseMs(flags.lease ?? `${defaultLeaseMs}ms`);
  const stopSeconds = secondsOf(flags.stopTimeout ?? defaultStopSeconds);
  const syncs = syncsOf(settings);
  const workdir = settings.workdir ?? (syncs.length === 1 ? syncs[0]?.destination : undefined) ?? usualWorkdir;
  const { resources, nodes: deviceNodes } = parseDevices(
    settings.devices ?? [],
    await readOfferedDevices(settings.devices ?? [], settings.privileged, context),
  );
  const { namespace } = await context.session();
  const owner = ownName(io.env, hostname());
  const machine = await readMachine(io.files);
  const leaseName = `eli-up-${randomBytes(6).toString('hex')}`;
  const pod = computeUpPod({
    name: nameOf(name),
    namespace,
    image,
    command: settings.command ?? [],
    workdir,
    env: [
      ...(await readEnvFiles(flags.envFile ?? [], io)),
      ...(settings.env ?? []).flatMap((text) => parseEnv(text, 'variable', io.env)),
    ],
    mounts: [...(settings.mounts ?? []), ...deviceMounts(deviceNodes, settings.privileged)],
    syncs,
    ports: settings.ports ?? [],
    limits: { ...settings.limits, ...parseLimits(flags, resources) },
    requests: settings.requests ?? {},
    privileged: settings.privileged ?? false,
    hostNetwork,
    pullPolicy,
    stopSeconds,
    lease: leaseName,
    owner,
    ownerProcess: io.processes.own,
    ownerMachine: machine,
  });
  return {
    pod,
    lease: { name: leaseName, durationMs },
    owner,
    machine,
    syncs: await syncPlans(syncs, directory, context),
    ignore: [...(settings.ignore ?? []), ...ownOutput(directory, io.outputFiles())],
    twoWay: settings.twoWay ?? false,
    ports: settings.ports ?? [],
    onChange: settings.onChange ?? { kind: 'Restart' },
    stopMs: stopSeconds * 1_000,
    keep: flags.keep ?? false,
    takeOver: flags.takeOver ?? false,
  };
}

/** The directory of the project at its place, unless somebody says which directories. */
function syncsOf({ syncs = [], workdir = usualWorkdir }: ProjectSettings): readonly SyncPair[] {
  const all = syncs.length > 0 ? syncs : [{ source: '.', destination: workdir }];
  const twice = all.find(
    ({ destination }, index) => all.findIndex((other) => other.destination === destination) < index,
  );
  if (twice !== undefined) throw new UsageError(`two directories are to be synced to ${twice.destination}`);
  return all;
}

async function syncPlans(
  syncs: readonly SyncPair[],
  directory: string,
  { io }: CommandContext,
): Promise<readonly SyncPlan[]> {
  return await Promise.all(
    syncs.map(async ({ source }, index) => {
      const path = resolve(directory, source);
      if ((await io.files.kindOf(path)) === 'directory') return { directory: path, volume: syncVolume(index) };
      throw new UsageError(`${path} is to be synced, and is no directory`);
    }),
  );
}

/** Patterns for what we write into the directory ourselves: each line of it would be a change, and each change a line. */
function ownOutput(directory: string, files: readonly string[]): readonly string[] {
  return files
    .filter((path) => path.startsWith(`${directory}/`))
    .map((path) => path.slice(directory.length).replace(/[\\*?[\]!# ]/g, '\\$&'));
}

function nameOf(name: string): string {
  if (/^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$/.test(name)) return name;
  const fixed = name
    .replace(/^[^a-z]+/, '')
    .slice(0, 50)
    .replace(/-+$/, '');
  if (/^[0-9a-z-]+$/.test(name) && fixed !== '') return fixed;
  throw new UsageError(`invalid name "${name}"`, 'lower case letters, digits and dashes, at most 50, a letter first');
}

function secondsOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError(`invalid --stop-timeout "${text}"`, 'a whole number of seconds');
}

function unknownProject(directory: string): UsageError {
  return new UsageError(
    `nobody can tell which image runs ${directory}`,
    'known are package.json, go.mod, pyproject.toml, requirements.txt, *.py, Cargo.toml, Dockerfile and compose.yaml; or name it: eli up --image IMAGE -- COMMAND',
  );
}

function unknownProgram(because: string): UsageError {
  return new UsageError(
    `${because} does not say what is to be run`,
    'say it after two dashes, eli up -- COMMAND, or in .eliot.yml',
  );
}
