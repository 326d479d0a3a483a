/**
 * Hands devices of the machine out to containers. A setting names device nodes (`/dev/ttyUSB*`) as one resource
 * (`eliot.run/serial`); the node counts those that are there, and a container that asks for some gets that many, for itself or,
 * if the setting says so, together with others.
 *
 * A node that several settings name is one of the first of them only, so that nobody gets it twice.
 *
 * What was handed out is written into an annotation of the container, so that it is known again after a restart of eliotd. A
 * device stays with its container while that runs or may run again; one that was unplugged is replaced by another at the next
 * start of the container.
 */

import { isFinished } from '../../api/kinds/pod/state.ts';
import type { Container, Pod } from '../../api/kinds/pod/types.ts';
import type { DeviceNode, DeviceNodes } from '../../host/device-nodes.ts';
import type { Logger } from '../../lib/logger.ts';
import type { AssignedDevices } from '../container-config/container-config.ts';
import { mayBeRunning, type ObservedPod } from '../observed-pod.ts';
import { allContainers, isSidecar, podRef } from '../pod-names.ts';
import { runtimeAnnotations } from '../runtime-labels.ts';

/** One entry of the setting `devices`. */
export interface DeviceSetting {
  readonly name: string;
  readonly paths: readonly string[];
  /** Containers that may have one device at a time. */
  readonly shared: number;
  /** Of `r`, `w` and `m`. */
  readonly permissions: string;
}

export interface DeviceManagerDeps {
  readonly settings: readonly DeviceSetting[];
  readonly nodes: DeviceNodes;
  /** Every pod of the device. */
  readonly pods: () => readonly Pod[];
  readonly observed: { get(uid: string): ObservedPod | undefined };
  readonly log: Pick<Logger, 'warn'>;
}

type Paths = Readonly<Record<string, readonly string[]>>;

/** Who is to get devices now. */
interface Asking {
  readonly pod: Pod;
  readonly container: Container;
}

const domain = 'eliot.run/';
const noDevices: AssignedDevices = { devices: [], groups: [], paths: {} };

export class DeviceManager {
  readonly #deps: DeviceManagerDeps;
  /** By resource, the devices that are there. */
  #present = new Map<string, readonly DeviceNode[]>();
  /** By path, the node that it leads to, of every path that a setting names. */
  #realPaths = new Map<string, string>();
  /** Nodes that are not given out under a second name, which was said. */
  readonly #toldTwice = new Set<string>();
  /** By uid, then container: what was handed out and the runtime may not show yet. */
  readonly #assigned = new Map<string, Map<string, Paths>>();

  constructor(deps: DeviceManagerDeps) {
    this.#deps = deps;
  }

  /** Looks which devices are there. True when that changed since the last look. */
  async refresh(): Promise<boolean> {
    const present = new Map<string, readonly DeviceNode[]>();
    const realPaths = new Map<string, string>();
    const owners = new Map<string, string>();
    for (const { name, paths } of this.#deps.settings) {
      const resource = `${domain}${name}`;
      const found = await this.#deps.nodes.find(paths);
      for (const { path, realPath } of found) {
        realPaths.set(path, realPath);
        if (!owners.has(realPath)) owners.set(realPath, resource);
      }
      present.set(
        resource,
        found.filter(({ realPath }) => owners.get(realPath) === resource),
      );
      for (const { realPath } of found) this.#tellTwice(realPath, resource, owners.get(realPath));
    }
    const key = (map: typeof present): string => JSON.stringify([...map]);
    const isChanged = key(present) !== key(this.#present);
    this.#present = present;
    this.#realPaths = realPaths;
    return isChanged;
  }

  #tellTwice(device: string, resource: string, belongsTo: string | undefined): void {
    const key = `${device} ${resource}`;
    if (belongsTo === resource || this.#toldTwice.has(key)) return;
    this.#toldTwice.add(key);
    this.#deps.log.warn('a device that two entries of devices name belongs to the first', {
      device,
      resource,
      belongsTo,
    });
  }

  /** Tells when devices come or go, until `signal` aborts; costs nothing without settings. */
  watch(onChange: () => void, signal: AbortSignal): void {
    const patterns = this.#deps.settings.flatMap(({ paths }) => paths);
    if (patterns.length > 0) this.#deps.nodes.watch(patterns, onChange, signal);
  }

  /** Quantities for the node: devices known (there, or handed out and unplugged), and devices there. */
  resources(): Readonly<Record<string, { readonly capacity: string; readonly allocatable: string }>> {
    return Object.fromEntries(
      this.#deps.settings.map(({ name, shared }) => {
        const resource = `${domain}${name}`;
        const present = new Set((this.#present.get(resource) ?? []).map(({ path }) => path));
        const unplugged = this.#handedOut()
          .filter((given) => given.resource === resource && !this.#realPaths.has(given.path))
          .map(({ path }) => path);
        const known = present.union(new Set(unplugged));
        return [resource, { capacity: String(known.size * shared), allocatable: String(present.size * shared) }];
      }),
    );
  }

  /**
   * The devices of a container, the same ones at each start while they are there.
   *
   * @returns a sentence about what is missing when it cannot get as many as it asks for now
   */
  async assign(pod: Pod, container: Container): Promise<AssignedDevices | string> {
    const wanted = this.#wanted(container);
    if (wanted.length === 0) return noDevices;
    await this.refresh();
    const before = this.#of(pod, container.name);
    const users = this.#users({ pod, container });
    const paths: Record<string, readonly string[]> = {};
    const given: { readonly node: DeviceNode; readonly permissions: string }[] = [];
    for (const { resource, count, setting } of wanted) {
      const present = this.#present.get(resource) ?? [];
      const kept = present.filter(({ path }) => before[resource]?.includes(path)).slice(0, count);
      const free = present
        .filter((node) => !kept.includes(node) && (users.get(node.realPath) ?? 0) < setting.shared)
        // Those that the fewest have.
        .sort((a, b) => (users.get(a.realPath) ?? 0) - (users.get(b.realPath) ?? 0));
      const chosen = [...kept, ...free].slice(0, count);
      if (chosen.length < count) {
        return `${count} of ${resource} wanted, ${chosen.length} free of ${present.length} that are plugged in`;
      }
      paths[resource] = chosen.map(({ path }) => path);
      given.push(...chosen.map((node) => ({ node, permissions: setting.permissions })));
    }
    const { uid } = podRef(pod);
    this.#assigned.set(uid, (this.#assigned.get(uid) ?? new Map()).set(container.name, paths));
    return {
      devices: given.map(({ node, permissions }) => ({
        hostPath: node.realPath,
        containerPath: node.path,
        permissions,
      })),
      groups: [...new Set(given.map(({ node }) => node.gid).filter((gid) => gid !== 0))],
      paths,
    };
  }

  #wanted(container: Container): readonly { resource: string; count: number; setting: DeviceSetting }[] {
    const limits = container.resources?.limits ?? {};
    return this.#deps.settings.flatMap((setting) => {
      const resource = `${domain}${setting.name}`;
      const count = Number(limits[resource] ?? 0);
      return count > 0 ? [{ resource, count, setting }] : [];
    });
  }

  /** By node, how many containers have it, under whatever name. */
  #users(asking: Asking): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { path } of this.#handedOut(asking)) {
      const node = this.#realPaths.get(path) ?? path;
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    return counts;
  }

  /** What containers have; without the one that asks, and what it inherits from its own init containers. */
  #handedOut(asking?: Asking): readonly { readonly resource: string; readonly path: string }[] {
    const pods = this.#deps.pods();
    this.#forgetAllBut(pods);
    return pods
      .filter((pod) => this.#mayRun(pod))
      .flatMap((pod) => {
        const isOwn = asking !== undefined && podRef(pod).uid === podRef(asking.pod).uid;
        const inits = (pod.spec.initContainers ?? []).filter((init) => !isSidecar(init)).map(({ name }) => name);
        return (
          allContainers(pod)
            // Init containers end before the next one begins: within a pod they hand their devices on.
            .filter(({ name }) => !isOwn || (name !== asking.container.name && !inits.includes(name)))
            .flatMap(({ name }) => Object.entries(this.#of(pod, name)))
            .flatMap(([resource, paths]) => paths.map((path) => ({ resource, path })))
        );
      });
  }

  #mayRun(pod: Pod): boolean {
    const { uid } = podRef(pod);
    return !isFinished(pod) || (this.#deps.observed.get(uid)?.containers.some(mayBeRunning) ?? false);
  }

  /** What a container has: what was handed out last, or what its newest container in the runtime says. */
  #of(pod: Pod, name: string): Paths {
    const { uid } = podRef(pod);
    const known = this.#assigned.get(uid)?.get(name);
    if (known) return known;
    const container = this.#deps.observed.get(uid)?.containers.find((each) => each.name === name);
    return parsePaths(container?.annotations[runtimeAnnotations.devices]);
  }

  #forgetAllBut(pods: readonly Pod[]): void {
    if (this.#assigned.size === 0) return;
    const uids = new Set(pods.map((pod) => podRef(pod).uid));
    for (const uid of this.#assigned.keys()) if (!uids.has(uid)) this.#assigned.delete(uid);
  }
}

/** An annotation that we wrote; one that was damaged says nothing. */
function parsePaths(text: string | undefined): Paths {
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as Paths;
  } catch {
    return {};
  }
}
