/**
 * What the groups may do, as a table (docs/adr/0041). `authz.ts` decides by it, and `kubectl auth can-i --list` shows it.
 * `system:masters` stands above it.
 */
import { kinds } from '../api/scheme.ts';
import { authenticatedGroup, developersGroup, mastersGroup, viewersGroup } from './identity.ts';

/** One line: these verbs on these resources of these API groups. */
export interface Rule {
  readonly apiGroups: readonly string[];
  /** As `pods`, or `pods/exec` for a subresource. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** `own`: in namespaces that are not the system's, and on those namespaces themselves. Default: everywhere. */
  readonly where?: 'own';
}

/** The namespaces of the device's own parts. */
const systemNamespaces: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/** Whether a rule with `where: 'own'` holds in a namespace; not for all at once, of which some are the system's. */
export function isOwnNamespace(namespace: string | undefined): boolean {
  return namespace !== undefined && namespace !== '' && !systemNamespaces.has(namespace);
}

const readVerbs = ['get', 'list', 'watch'];
const writeVerbs = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const allVerbs = [...readVerbs, ...writeVerbs];

/** What opens other doors, and who else has a key. */
const hidden: ReadonlySet<string> = new Set(['secrets', 'clients']);
/** Subresources whose `get` enters a container, or takes all that is in an image. */
const entering: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy', 'archive']);

/** Questions that everybody may ask about himself. */
const selfReviews: readonly Rule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    verbs: ['create'],
  },
];

/** Everything that is served and can be looked at, but what is hidden. */
const reading: readonly Rule[] = [
  ...Map.groupBy(
    kinds.filter(({ verbs, resource }) => verbs.includes('get') && !hidden.has(resource)),
    ({ group }) => group,
  ),
].map(([group, members]) => ({
  apiGroups: [group],
  resources: members.flatMap(({ resource, subresources }) => [
    resource,
    ...subresources
      .filter(({ name, verbs }) => verbs.includes('get') && !entering.has(name))
      .map(({ name }) => `${resource}/${name}`),
  ]),
  verbs: readVerbs,
}));

/** To deploy, and to see why it does not work; not the device itself: its node, limits, clients and namespaces of its own. */
const developing: readonly Rule[] = [
  { apiGroups: [''], resources: ['namespaces'], verbs: ['create'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['delete', 'patch', 'update'], where: 'own' },
  {
    apiGroups: [''],
    resources: ['configmaps', 'events', 'pods', 'secrets', 'serviceaccounts'],
    verbs: allVerbs,
    where: 'own',
  },
  {
    apiGroups: [''],
    resources: ['pods/attach', 'pods/exec', 'pods/portforward'],
    verbs: ['create', 'get'],
    where: 'own',
  },
  { apiGroups: [''], resources: ['pods/eviction', 'serviceaccounts/token'], verbs: ['create'], where: 'own' },
  { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['get', 'patch', 'update'], where: 'own' },
  { apiGroups: ['apps'], resources: ['deployments', 'replicasets'], verbs: allVerbs, where: 'own' },
  {
    apiGroups: ['apps'],
    resources: ['deployments/scale', 'replicasets/scale'],
    verbs: ['get', 'patch', 'update'],
    where: 'own',
  },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: allVerbs, where: 'own' },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: allVerbs, where: 'own' },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: allVerbs, where: 'own' },
  { apiGroups: ['eliot.run'], resources: ['podsignals'], verbs: ['create'], where: 'own' },
  // It is in the second; `kubectl auth can-i create pods --subresource=sync` can ask for the first only, where `pods` are.
  { apiGroups: ['', 'eliot.run'], resources: ['pods/sync'], verbs: ['create', 'get'], where: 'own' },
  { apiGroups: ['eliot.run'], resources: ['images'], verbs: ['delete'] },
  { apiGroups: ['eliot.run'], resources: ['images/archive'], verbs: ['get'] },
  {
    apiGroups: ['eliot.run'],
    resources: ['imagearchives', 'imagelayers', 'imagepulls', 'imagepushes'],
    verbs: ['create'],
  },
  // Whoever brings one needs the right to each object in it as well.
  { apiGroups: ['eliot.run'], resources: ['bundles'], verbs: ['create', 'delete'] },
];

/** The rules of each group that has some. */
export const rulesOfGroups: ReadonlyMap<string, readonly Rule[]> = new Map([
  [authenticatedGroup, selfReviews],
  [viewersGroup, reading],
  [developersGroup, [...reading, ...developing]],
]);

/** What a person can be made a member of: everything else would let nobody do anything. */
export const groupsOfPeople: readonly string[] = [mastersGroup, developersGroup, viewersGroup];
