/** Sees that every namespace has its ServiceAccount `default`, as pods that name none expect. */
import type { ObjectMeta } from '../api/meta.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { serviceAccounts } from '../api/resources.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { WorkQueue } from '../lib/work-queue.ts';
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
      process: async (namespace) => {
        await this.#ensure(namespace);
        return undefined;
      },
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  async run(signal: AbortSignal): Promise<void> {
    const { namespaces, serviceAccounts: accounts } = this.#deps;
    const stops = [
      namespaces.onChange(({ object }) => this.#queue.add(object.metadata.name ?? '')),
      accounts.onChange(({ type, object }) => {
        if (type === 'deleted') this.#queue.add(object.metadata.namespace ?? '');
      }),
    ];
    try {
      // Else every account that is there already would look as if it were missing.
      await Promise.all([namespaces.whenSynced(signal), accounts.whenSynced(signal)]);
      for (const namespace of namespaces.list()) this.#queue.add(namespace.metadata.name ?? '');
      await this.#queue.run(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      for (const stop of stops) stop();
    }
  }

  async #ensure(namespace: string): Promise<void> {
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
