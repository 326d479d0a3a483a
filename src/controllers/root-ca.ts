/**
 * Sees that every namespace has the ConfigMap `kube-root-ca.crt` with the device's CA, by which pods know the API.
 * What somebody deletes or edits is brought back.
 */
import type { ConfigMap } from '../api/kinds/config-map.ts';
import type { ObjectMeta } from '../api/meta.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { configMaps } from '../api/resources.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStatusError } from '../lib/status-error.ts';
import { WorkQueue } from '../lib/work-queue.ts';
import { follow, runControlLoop } from './control-loop.ts';
import { isNamespaceEnding } from './namespace-ending.ts';
import type { ObjectSource } from './object-source.ts';

const name = 'kube-root-ca.crt';
/** Kubernetes' own. */
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export interface RootCaControllerDeps {
  readonly client: ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespaces: ObjectSource<{ readonly metadata: ObjectMeta }>;
  readonly configMaps: ObjectSource<ConfigMap>;
  /** PEM. */
  readonly caCertificate: string;
}

export class RootCaController {
  readonly #deps: RootCaControllerDeps;
  readonly #queue: WorkQueue;

  constructor(deps: RootCaControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({
      clock: deps.clock,
      log: deps.log.child({ controller: 'root-ca' }),
      process: (namespace) => this.#ensure(namespace),
    });
  }

  /** Works until `signal` aborts. The sources are run by the caller. */
  run(signal: AbortSignal): Promise<void> {
    const ofNamespaces = follow(this.#deps.namespaces, ({ type, object }) => {
      if (type === 'added') this.#queue.add(object.metadata.name ?? '');
    });
    const ofMaps = follow(this.#deps.configMaps, ({ type, object: { metadata } }) => {
      if (type !== 'added' && metadata.name === name) this.#queue.add(metadata.namespace ?? '');
    });
    return runControlLoop(this.#queue, [ofNamespaces, ofMaps], signal);
  }

  async #ensure(namespace: string): Promise<undefined> {
    const { client, namespaces, configMaps: maps, caCertificate } = this.#deps;
    const owner = namespaces.get({ name: namespace });
    if (owner === undefined || owner.metadata.deletionTimestamp !== undefined) return;
    const present = maps.get({ namespace, name });
    if (present !== undefined && holdsJust(present, caCertificate)) return;
    const annotations = { 'kubernetes.io/description': description };
    try {
      if (present === undefined) {
        const wanted = { metadata: { namespace, name, annotations }, data: { 'ca.crt': caCertificate } };
        await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', ...wanted });
      } else {
        const { binaryData: _, ...kept } = present;
        const metadata = { ...present.metadata, annotations: { ...present.metadata.annotations, ...annotations } };
        await client.update(configMaps, { ...kept, metadata, data: { 'ca.crt': caCertificate } });
      }
    } catch (error) {
      // Its change comes as an event; gone, or the namespace is.
      if (isStatusError(error, 'AlreadyExists', 'Conflict', 'NotFound')) return;
      if (isNamespaceEnding(error)) return;
      throw error;
    }
  }
}

function holdsJust({ data = {}, binaryData = {} }: ConfigMap, caCertificate: string): boolean {
  return Object.keys(data).length === 1 && data['ca.crt'] === caCertificate && Object.keys(binaryData).length === 0;
}
