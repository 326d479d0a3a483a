/** Deployments and ReplicaSets for tests, as a user would write them. */
type Manifest = Readonly<Record<string, unknown>>;

/** A Deployment `default/web` of one container `app`; `spec` replaces parts of it. */
export function deploymentManifest(spec: Manifest = {}, metadata: Manifest = {}): Manifest {
  return workload('Deployment', spec, metadata);
}

/** The same as a ReplicaSet. */
export function replicaSetManifest(spec: Manifest = {}, metadata: Manifest = {}): Manifest {
  return workload('ReplicaSet', spec, metadata);
}

/** A template for pods labelled `app: web`. */
export function podTemplate(image = 'nginx:1.27', podSpec: Manifest = {}): Manifest {
  return { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image }], ...podSpec } };
}

function workload(kind: string, spec: Manifest, metadata: Manifest): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: { selector: { matchLabels: { app: 'web' } }, template: podTemplate(), ...spec },
  };
}
