/** Builds and runs the loops over objects: controllers, and the sources of desired state. */
import type { ConfigMap } from '../api/kinds/config-map.ts';
import type { Namespace } from '../api/kinds/namespace.ts';
import type { Pod } from '../api/kinds/pod/types.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { kinds } from '../api/scheme.ts';
import { NamespaceController } from '../controllers/namespace.ts';
import { namespacedResources } from '../controllers/namespaced-resources.ts';
import type { ObjectSource } from '../controllers/object-source.ts';
import { RootCaController } from '../controllers/root-ca.ts';
import { ServiceAccountController } from '../controllers/service-account.ts';
import { SystemNamespacesController } from '../controllers/system-namespaces.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TaskGroup } from '../lib/task-group.ts';
import { WatchedDirectory } from '../lib/watched-directory.ts';
import { ManifestDirectory, manifestSource } from './sources/manifest-directory.ts';
import { SourceController } from './sources/source-controller.ts';

export interface ControllersDeps {
  /** A client that writes under the name of a controller. */
  readonly clientOf: (controller: string) => ObjectClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespaces: ObjectSource<Namespace>;
  readonly serviceAccounts: ObjectSource<{ readonly metadata: Namespace['metadata'] }>;
  readonly configMaps: ObjectSource<ConfigMap>;
  /** PEM; every namespace gets it. */
  readonly caCertificate: string;
  readonly pods: ObjectSource<Pod>;
  /** Directory of manifests (KubeletConfiguration staticPodPath); undefined: none. */
  readonly staticPodPath: string | undefined;
}

/** Starts every controller in the group; they end with it. */
export function startControllers(group: TaskGroup, deps: ControllersDeps): void {
  const { clientOf, clock, log, namespaces, serviceAccounts, pods, staticPodPath } = deps;
  const systemNamespaces = new SystemNamespacesController({
    client: clientOf('system:namespace-controller'),
    clock,
    log,
    namespaces,
  });
  const namespace = new NamespaceController({
    client: clientOf('system:namespace-controller'),
    clock,
    log,
    namespaces,
    pods,
    resources: namespacedResources(kinds),
  });
  const serviceAccount = new ServiceAccountController({
    client: clientOf('system:service-account-controller'),
    clock,
    log,
    namespaces,
    serviceAccounts,
  });
  const rootCa = new RootCaController({
    client: clientOf('system:root-ca-cert-publisher'),
    clock,
    log,
    namespaces,
    configMaps: deps.configMaps,
    caCertificate: deps.caCertificate,
  });
  group.start((signal) => rootCa.run(signal));
  group.start((signal) => systemNamespaces.run(signal));
  group.start((signal) => namespace.run(signal));
  group.start((signal) => serviceAccount.run(signal));

  if (staticPodPath === undefined) return;
  const source = new SourceController({
    client: clientOf('eliot:manifest-source'),
    clock,
    log,
    kinds,
    name: manifestSource,
  });
  const directory = new ManifestDirectory({
    files: new WatchedDirectory(staticPodPath),
    clock,
    log: log.child({ source: manifestSource, directory: staticPodPath }),
    onDesired: (desired) => source.setDesired(desired),
  });
  group.start((signal) => source.run(signal));
  group.start((signal) => directory.run(signal));
}
