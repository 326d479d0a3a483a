/** Sees that every namespace has its ServiceAccount `default`, as pods that name none expect. */
import type { ObjectMeta } from '../api/meta.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { serviceAccounts } from '../api/resources.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { WorkQueue } from '../lib/work-queue.ts';
import { follow, runControlLoop } from './control-loop.ts';
import { isNamespaceEnding } from './namespace-ending.ts';
import type { ObjectSource } from './object-source.ts';

const accountName = 'default';

export interface ServiceAccountControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespaces: ObjectSource<{ readonly metadata: ObjectMeta }>;
  readonly serviceAccounts: ObjectSource<{ readonly metadata: ObjectMeta }>;
}

export class ServiceAccountController {
  readonly #deps: ServiceAccountControllerDeps;
  readonly #queue: WorkQueue;

  constructor(deps: ServiceAccountControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'service-account' }),
      process: (namespace) => this.#ensure(namespace),
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const ofNamespaces = follow(this.#deps.namespaces, ({ object }) => this.#queue.add(object.metadata.name ?? ''));
    const ofAccounts = follow(this.#deps.serviceAccounts, ({ type, object }) => {
      if (type === 'deleted') this.#queue.add(object.metadata.namespace ?? '');
    });
    return runControlLoop(this.#queue, [ofNamespaces, ofAccounts], signal);
  }

  async #ensure(namespace: string): Promise<undefined> {
    const { client, namespaces, serviceAccounts: accounts } = this.#deps;
    const owner = namespaces.get({ name: namespace });
    if (owner === undefined || owner.metadata.deletionTimestamp !== undefined) return;
    if (accounts.get({ namespace, name: accountName }) !== undefined) return;
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: accountName } };
    try {
      await client.create(serviceAccounts, account);
    } catch (error) {
      // Made by somebody else, or the namespace is on its way out (Forbidden) or gone (NotFound).
      if (isStatusError(error, 'AlreadyExists', 'NotFound')) return;
      if (isNamespaceEnding(error)) return;
      throw error;
    }
  }
}
