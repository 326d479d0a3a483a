/** Flags that `eli run` and `eli up` have in common, as they are typed and as they are meant. Pure. */
import { parseDuration } from '../duration.ts';
import { mountOf } from '../pod-parts/mounts.ts';
import { UsageError } from '../usage-error.ts';
import type { DeviceNodePath } from './parse-devices.ts';

/** How docker and the first Eliot call what Kubernetes calls otherwise. */
const pullPolicies: Readonly<Record<string, string>> = {
  always: 'Always',
  missing: 'IfNotPresent',
  ifnotpresent: 'IfNotPresent',
  never: 'Never',
};

/** A renewal of a lease takes its time: shorter ones would end while everybody is there. */
const shortestLeaseMs = 3_000;

/** Kubernetes' word for `--image-pull`. @throws UsageError */
export function parsePullPolicy(text: string): string {
  const policy = pullPolicies[text.toLowerCase()];
  if (policy !== undefined) return policy;
  throw new UsageError(`invalid --image-pull "${text}"`, 'possible: always, missing (IfNotPresent), never');
}

/** Whether `--network` asks for the network of the device itself. @throws UsageError for one that there is not */
export function parseHostNetwork(network = 'default'): boolean {
  if (['host', 'bridge', 'default'].includes(network)) return network === 'host';
  throw new UsageError(
    `invalid --network "${network}"`,
    'possible are host, the network of the device, and bridge, one of the pod',
  );
}

/** Milliseconds of `--lease`. @throws UsageError for what is no duration, or too short to be renewed in time */
export function parseLeaseMs(text: string): number {
  const durationMs = parseDuration(text, '--lease');
  if (durationMs >= shortestLeaseMs) return durationMs;
  throw new UsageError(
    `invalid --lease "${text}"`,
    `at least ${shortestLeaseMs / 1_000}s: each renewal takes its time`,
  );
}

/**
 * Files below /dev that are no device which the device offers, as mounts.
 *
 * @throws UsageError without --privileged: then only offered devices can be had
 */
export function deviceMounts(
  nodes: readonly DeviceNodePath[],
  privileged: boolean | undefined,
): readonly ReturnType<typeof mountOf>[] {
  const [first] = nodes;
  if (first !== undefined && !privileged) {
    throw new UsageError(
      `device ${first.source} is none of those that the device offers to containers`,
      'its settings say which they are (docs/user/devices.md); or add --privileged, which opens all of them',
    );
  }
  // A privileged container sees all of /dev under its own name.
  return nodes
    .filter(({ source, destination }) => source !== destination)
    .map(({ source, destination }) => mountOf({ source, destination }, `invalid --device ${source}`));
}
