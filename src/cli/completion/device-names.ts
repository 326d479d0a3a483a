/**
 * Names that a device knows, for completing them. Everything is given up after a second, and whatever goes wrong gives no
 * names: a shell must not wait, nor be told of a device that does not answer.
 */
import type { KubeList, KubeObject } from '../../api/meta.ts';
import { resourcePath } from '../../client/resource-path.ts';
import type { CommandContext } from '../context.ts';
import { devicesPath } from '../devices/devices-path.ts';
import { builtinResources } from '../resources/builtin-resources.ts';
import { type ResourceKind, resourceName } from '../resources/resource-kind.ts';
import { openSession, type Session, type SessionFlags } from '../session.ts';
import { kubeconfigFiles } from '../target.ts';

const patienceMs = 1_000;
/** More than anybody reads. */
const maxNames = 500;
/** Names alone: what else there is of an object is most of an answer. */
const metadataAccept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

export interface DeviceNames {
  /** Of resources that can be listed, in the plural. */
  kinds(): Promise<readonly string[]>;
  /** Of objects. `word` is a resource as it was typed. */
  objects(word: string): Promise<readonly string[]>;
  /** Of the containers of a pod. */
  containers(pod: string): Promise<readonly string[]>;
  /** Of images on the device. */
  images(): Promise<readonly string[]>;
  /** Of the contexts that the user's kubeconfig files name, and of the paired devices. */
  contexts(): Promise<readonly string[]>;
  /** Of devices that were seen on the network in the last days. */
  seen(): Promise<readonly string[]>;
}

/** Asks the device that the flags on the line name, in the namespace that they name. */
export function createDeviceNames(flags: SessionFlags, context: CommandContext): DeviceNames {
  const { io } = context;
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  let session: Promise<Session> | undefined;
  const open = (): Promise<Session> => {
    session ??= openSession(flags, io, signal);
    return session;
  };
  /** What `ask` gives within a second; `otherwise` when it gives nothing. */
  const soon = async <T>(ask: (session: Session) => Promise<T>, otherwise: T): Promise<T> => {
    const late = io.clock.sleep(patienceMs, signal).then(
      () => otherwise,
      () => otherwise,
    );
    const answer = open()
      .then(ask)
      .catch(() => otherwise);
    const first = await Promise.race([answer, late]);
    over.abort();
    return first;
  };
  const list = async ({ rest, namespace, resources }: Session, word: string): Promise<readonly string[]> => {
    const kind = await resources.find(word);
    const { items } = await rest.json<KubeList<KubeObject>>({
      path: resourcePath(kind, kind.namespaced ? { namespace } : {}),
      query: { limit: String(maxNames) },
      accept: metadataAccept,
      signal,
    });
    return items.map(({ metadata }) => metadata.name ?? '');
  };
  return {
    kinds: async () => {
      const all = await soon((opened) => opened.resources.all(), builtinResources);
      return namesOfKinds(all);
    },
    objects: (word) => soon((opened) => list(opened, word), []),
    containers: (pod) =>
      soon(async ({ client, namespace }) => {
        const found = await client.get<PodObject>(podKind, { namespace, name: pod.replace(/^pods?\//, '') }, signal);
        const { containers = [], initContainers = [], ephemeralContainers = [] } = found.spec;
        return [...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name);
      }, []),
    images: () =>
      soon(async ({ client }) => {
        const { items } = await client.list<ImageObject>(imageKind, {}, signal);
        return items.map(({ spec }) => spec.image);
      }, []),
    contexts: async () => {
      const paired = flags.kubeconfig === undefined ? devicesPath(io.env) : undefined;
      const sources = [kubeconfigFiles(flags, io.env), paired === undefined ? [] : [paired]];
      const names = await Promise.all(sources.map((paths) => contextsIn(paths, context)));
      return [...new Set(names.flat())];
    },
    seen: async () => {
      const { readDeviceCache } = await import('../discovery/device-cache.ts');
      return (await readDeviceCache(io)).map(({ node }) => node);
    },
  };
}

interface Named {
  readonly name: string;
}

interface PodObject {
  readonly spec: {
    readonly containers?: readonly Named[];
    readonly initContainers?: readonly Named[];
    readonly ephemeralContainers?: readonly Named[];
  };
}

interface ImageObject {
  readonly spec: { readonly image: string };
}

const podKind = { group: '', version: 'v1', resource: 'pods' };
const imageKind = { group: 'eliot.run', version: 'v1alpha1', resource: 'images' };

async function contextsIn(paths: readonly string[], { io }: CommandContext): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  try {
    const { openKubeconfig } = await import('../../client/kubeconfig.ts');
    return (await openKubeconfig({ paths, readFile: (path) => io.files.readFile(path) })).contextNames;
  } catch {
    return [];
  }
}

/** Short ones where they say enough, as people type them. */
function namesOfKinds(kinds: readonly ResourceKind[]): readonly string[] {
  const listed = kinds.filter(({ verbs }) => verbs.includes('list'));
  const first = new Map<string, ResourceKind>();
  for (const kind of listed) if (!first.has(kind.resource)) first.set(kind.resource, kind);
  return listed.map((kind) => (first.get(kind.resource) === kind ? kind.resource : resourceName(kind)));
}
