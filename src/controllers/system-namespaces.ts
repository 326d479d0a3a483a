/** Sees that the namespaces exist which every Kubernetes has. */
import type { ObjectMeta } from '../api/meta.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { namespaces } from '../api/resources.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { WorkQueue } from '../lib/work-queue.ts';
import { follow, runControlLoop } from './control-loop.ts';
import type { ObjectSource } from './object-source.ts';

/** As Kubernetes' system namespaces controller has them, and `default`. */
export const systemNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Makes each that is missing. Repeatable; to be called before the API is announced as ready. */
export async function ensureSystemNamespaces(client: ObjectClient): Promise<void> {
  for (const name of systemNamespaces) await ensureNamespace(client, name);
}

async function ensureNamespace(client: ObjectClient, name: string): Promise<undefined> {
  try {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  } catch (error) {
    if (!isStatusError(error, 'AlreadyExists')) throw error;
  }
}

export interface SystemNamespacesControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespaces: ObjectSource<{ readonly metadata: ObjectMeta }>;
}

/** Makes a system namespace again when somebody deleted it. */
export class SystemNamespacesController {
  readonly #deps: SystemNamespacesControllerDeps;
  readonly #queue: WorkQueue;

  constructor(deps: SystemNamespacesControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'system-namespaces' }),
      process: (name) => ensureNamespace(deps.client, name),
    });
  }

  /** Works until `signal` aborts. The source is run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    for (const name of systemNamespaces) this.#queue.add(name);
    const ofNamespaces = follow(this.#deps.namespaces, ({ type, object }) => {
      const { name = '' } = object.metadata;
      if (type === 'deleted' && systemNamespaces.includes(name)) this.#queue.add(name);
    });
    return runControlLoop(this.#queue, [ofNamespaces], signal);
  }
}
