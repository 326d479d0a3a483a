/** What a project says of how it is run, and how flags change it. Pure. */
import type { MountSpec } from '../pod-parts/mounts.ts';
import type { OnChange } from './on-change.ts';
import type { PortPair } from './port-pair.ts';

/** A directory here, and where it is in the container. */
export interface SyncPair {
  /** As written: relative to the directory of the project, or absolute. */
  readonly source: string;
  readonly destination: string;
}

/** All of it can be left out. */
export interface ProjectSettings {
  readonly name?: string | undefined;
  readonly image?: string | undefined;
  readonly command?: readonly string[] | undefined;
  readonly workdir?: string | undefined;
  /** `NAME=VALUE`; `NAME` alone takes the value that it has here. */
  readonly env?: readonly string[];
  readonly mounts?: readonly MountSpec[];
  readonly syncs?: readonly SyncPair[];
  readonly ports?: readonly PortPair[];
  /** As `--device` takes them. */
  readonly devices?: readonly string[];
  /** Quantities by the name of the resource. */
  readonly limits?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
  /** Patterns of files that stay here. */
  readonly ignore?: readonly string[];
  readonly onChange?: OnChange | undefined;
  readonly twoWay?: boolean | undefined;
  readonly privileged?: boolean | undefined;
}

/** Later ones add to lists, and override everything else: what was detected, then the file, then flags. */
export function mergeSettings(all: readonly ProjectSettings[]): ProjectSettings {
  return all.reduce(
    (before, now): ProjectSettings => ({
      name: now.name ?? before.name,
      image: now.image ?? before.image,
      command: now.command ?? before.command,
      workdir: now.workdir ?? before.workdir,
      env: [...(before.env ?? []), ...(now.env ?? [])],
      mounts: [...(before.mounts ?? []), ...(now.mounts ?? [])],
      syncs: [...(before.syncs ?? []), ...(now.syncs ?? [])],
      // The same port again says where it is to be here.
      ports: [...new Map([...(before.ports ?? []), ...(now.ports ?? [])].map((pair) => [pair.remote, pair])).values()],
      devices: [...(before.devices ?? []), ...(now.devices ?? [])],
      limits: { ...before.limits, ...now.limits },
      requests: { ...before.requests, ...now.requests },
      ignore: [...(before.ignore ?? []), ...(now.ignore ?? [])],
      onChange: now.onChange ?? before.onChange,
      twoWay: now.twoWay ?? before.twoWay,
      privileged: now.privileged ?? before.privileged,
    }),
    {},
  );
}

/** Reads `SOURCE:DESTINATION`. */
export function parseSyncPair(text: string): SyncPair | undefined {
  const at = text.lastIndexOf(':');
  const pair = { source: text.slice(0, at), destination: text.slice(at + 1).replace(/(?<=.)\/+$/, '') };
  return at > 0 && /^\/[^/]/.test(pair.destination) && !pair.destination.split('/').includes('..') ? pair : undefined;
}
