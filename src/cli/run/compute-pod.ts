/** The pod that a command line of `eli run` means. Pure. */
import type { Container, EnvVar, Pod } from '../../api/kinds/pod/types.ts';
import { holdAnnotation, leaseAnnotation, removeWhenFinishedAnnotation } from '../../api/run-annotations.ts';
import { lastOfEach } from '../pod-parts/env.ts';
import { literal } from '../pod-parts/literal.ts';
import { parseBind, parseMount, volumesOf } from '../pod-parts/mounts.ts';
import { nameOfImage, toLabel } from '../pod-parts/names.ts';
import { optional } from '../pod-parts/optional.ts';
import { UsageError } from '../usage-error.ts';
import type { OfferedDevices } from './offered-devices.ts';
import { type AskedDevices, parseDevices } from './parse-devices.ts';
import { parseLimits } from './parse-limits.ts';
import { parsePort } from './parse-ports.ts';
import { deviceMounts, parseHostNetwork, parsePullPolicy } from './pod-flags.ts';
import type { RunFlags } from './run-flags.ts';

/** What is wanted of a run besides its flags. */
export interface RunWish {
  readonly image: string;
  /** What to run; empty: what the image runs. */
  readonly command: readonly string[];
  readonly flags: RunFlags;
  readonly namespace: string;
  /** Variables of all flags, in order. */
  readonly env: readonly EnvVar[];
  /** Whether it gets a terminal. */
  readonly tty: boolean;
  /** Name of the lease; undefined: the pod stays whatever becomes of us. */
  readonly lease: string | undefined;
  /** Whether it goes when it has ended. */
  readonly isRemoved: boolean;
  /** What the device offers of its own devices. */
  readonly offeredDevices: OfferedDevices;
}

/** Seconds, as docker's. */
const defaultStopTimeout = '10';

/** How docker and the first Eliot call what Kubernetes calls otherwise. */
const restartPolicies: Readonly<Record<string, string>> = {
  no: 'Never',
  never: 'Never',
  always: 'Always',
  'unless-stopped': 'Always',
  'on-failure': 'OnFailure',
  onfailure: 'OnFailure',
};

/** @throws UsageError for flags that mean nothing or contradict each other, StatusError `Invalid` for a bad image name */
export function computePod(wish: RunWish): Pod {
  const { image, flags, namespace, lease, isRemoved } = wish;
  const baseName = nameOfImage(image);
  const name = flags.name ?? '';
  const containerName = toLabel(name) || baseName;
  // A privileged container is given the file itself: it has it anyway.
  const devices = parseDevices(flags.device ?? [], flags.privileged ? {} : wish.offeredDevices);
  const { volumes, mounts } = volumesOf([
    ...(flags.bind ?? []).map((text) => parseBind(text, `invalid --bind "${text}"`)),
    ...(flags.mount ?? []).map((text) => parseMount(text, `invalid --mount "${text}"`)),
    ...deviceMounts(devices.nodes, flags.privileged),
  ]);
  const annotations = {
    ...(lease === undefined ? {} : { [leaseAnnotation]: lease }),
    ...(isRemoved ? { [removeWhenFinishedAnnotation]: 'true' } : {}),
    // Whoever is not there cannot miss anything.
    ...(flags.detach ? {} : { [holdAnnotation]: containerName }),
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(name === '' ? { generateName: `${baseName}-` } : { name }),
      namespace,
      ...optional('labels', labelsOf(flags.label)),
      ...optional('annotations', annotations),
    },
    spec: {
      restartPolicy: restartPolicyOf(flags.restart),
      ...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
      ...(parseHostNetwork(flags.network) ? { hostNetwork: true } : {}),
      // The sandbox's own process is then the first one: it reaps, and signals work without a handler.
      ...(flags.init ? { shareProcessNamespace: true } : {}),
      terminationGracePeriodSeconds: secondsOf(flags.stopTimeout ?? defaultStopTimeout),
      ...optional('volumes', volumes),
      containers: [containerOf(wish, containerName, mounts, devices)],
    },
  };
  return pod as unknown as Pod;
}

function containerOf(
  { image, command, flags, env, tty }: RunWish,
  name: string,
  mounts: readonly object[],
  devices: AskedDevices,
): Container {
  const keepsStdin = flags.stdin || !flags.detach;
  const security = securityOf(flags);
  const limits = parseLimits(flags, devices.resources);
  const container = {
    name,
    image,
    ...(flags.entrypoint === undefined ? {} : { command: [literal(flags.entrypoint)] }),
    ...optional('args', command.map(literal)),
    ...(flags.workdir === undefined ? {} : { workingDir: flags.workdir }),
    ...optional(
      'env',
      lastOfEach(env).map(({ name: variable, value = '' }) => ({ name: variable, value: literal(value) })),
    ),
    ...optional('ports', (flags.port ?? []).map(parsePort)),
    ...optional('volumeMounts', mounts),
    ...(Object.keys(limits).length === 0 ? {} : { resources: { limits } }),
    ...optional('securityContext', security),
    ...(flags.imagePull === undefined ? {} : { imagePullPolicy: parsePullPolicy(flags.imagePull) }),
    // Held until we attach, and the byte that lets it go on comes by its stdin.
    ...(keepsStdin ? { stdin: true } : {}),
    // The end of our input is the end of its input; a terminal has none, and is left and joined again.
    ...(keepsStdin && !tty ? { stdinOnce: true } : {}),
    ...(tty ? { tty: true } : {}),
  };
  return container as unknown as Container;
}

function labelsOf(labels: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(
    labels.map((text) => {
      const at = text.indexOf('=');
      if (at === 0 || text === '') throw new UsageError(`invalid --label "${text}"`, 'written as KEY=VALUE');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function restartPolicyOf(text = 'no'): string {
  if (/^on-failure:\d+$/.test(text)) {
    throw new UsageError(
      `--restart ${text}: a pod has no highest number of restarts`,
      'possible: no, on-failure, always',
    );
  }
  const policy = restartPolicies[text.toLowerCase()];
  if (policy !== undefined) return policy;
  throw new UsageError(`invalid --restart "${text}"`, 'possible: no, on-failure, always');
}

function securityOf({
  user,
  privileged,
  capAdd = [],
  capDrop = [],
  readOnly,
}: RunFlags): Readonly<Record<string, unknown>> {
  const capabilities = {
    ...optional('add', capAdd.map(toCapability)),
    ...optional('drop', capDrop.map(toCapability)),
  };
  return {
    ...(user === undefined ? {} : userOf(user)),
    ...(privileged ? { privileged: true } : {}),
    ...(readOnly ? { readOnlyRootFilesystem: true } : {}),
    ...optional('capabilities', capabilities),
  };
}

function toCapability(text: string): string {
  return text.toUpperCase().replace(/^CAP_/, '');
}

function userOf(text: string): { readonly runAsUser: number; readonly runAsGroup?: number } {
  const [, user, group] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
  if (user === undefined) {
    throw new UsageError(
      `invalid --user "${text}"`,
      'a number, or USER:GROUP as numbers: what a name means only the image knows',
    );
  }
  return { runAsUser: Number(user), ...(group === undefined ? {} : { runAsGroup: Number(group) }) };
}

function secondsOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`invalid --stop-timeout "${text}"`, 'a whole number of seconds');
}
