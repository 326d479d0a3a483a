/** Asks a server which resources it serves: aggregated discovery, or the older lists where there is none. */
import type { RestClient } from '../../client/rest-client.ts';
import { isStatusError } from '../../lib/status-error.ts';
import type { ResourceKind } from './resource-kind.ts';

interface AggregatedDiscovery {
  readonly kind: 'APIGroupDiscoveryList';
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope: string;
        readonly singularResource?: string;
        readonly shortNames?: readonly string[];
        readonly categories?: readonly string[];
        readonly verbs: readonly string[];
      }[];
    }[];
  }[];
}

interface ApiVersions {
  readonly kind: 'APIVersions';
  readonly versions?: readonly string[];
}

interface ApiGroupList {
  readonly kind: 'APIGroupList';
  readonly groups?: readonly {
    readonly name: string;
    readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
  }[];
}

interface ApiResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly singularName?: string;
    readonly shortNames?: readonly string[];
    readonly categories?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

const accept = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/** Every resource (no subresources), the core group first, in the server's order of preference. */
export async function discoverResources(rest: RestClient, signal: AbortSignal): Promise<readonly ResourceKind[]> {
  const [core, groups] = await Promise.all([
    rest.json<AggregatedDiscovery | ApiVersions>({ path: '/api', accept, signal }),
    rest.json<AggregatedDiscovery | ApiGroupList>({ path: '/apis', accept, signal }),
  ]);
  const found = await Promise.all([
    core.kind === 'APIGroupDiscoveryList' ? flatten(core) : legacyCore(rest, core, signal),
    groups.kind === 'APIGroupDiscoveryList' ? flatten(groups) : legacyGroups(rest, groups, signal),
  ]);
  return found.flat();
}

function flatten(answer: AggregatedDiscovery): readonly ResourceKind[] {
  return (answer.items ?? []).flatMap((group) =>
    (group.versions ?? []).flatMap(({ version, resources = [] }) =>
      // One without a kind only holds subresources of a resource that another group has.
      resources
        .filter(({ responseKind }) => responseKind?.kind)
        .map((resource) => ({
          group: group.metadata?.name ?? '',
          version,
          resource: resource.resource,
          kind: resource.responseKind?.kind ?? '',
          singular: resource.singularResource || (resource.responseKind?.kind ?? '').toLowerCase(),
          shortNames: resource.shortNames ?? [],
          categories: resource.categories ?? [],
          namespaced: resource.scope === 'Namespaced',
          verbs: resource.verbs,
        })),
    ),
  );
}

async function legacyCore(
  rest: RestClient,
  answer: ApiVersions,
  signal: AbortSignal,
): Promise<readonly ResourceKind[]> {
  const lists = (answer.versions ?? []).map((version) => legacyList(rest, `/api/${version}`, '', version, signal));
  return (await Promise.all(lists)).flat();
}

async function legacyGroups(
  rest: RestClient,
  answer: ApiGroupList,
  signal: AbortSignal,
): Promise<readonly ResourceKind[]> {
  const lists = (answer.groups ?? []).flatMap((group) =>
    group.versions.map((version) =>
      legacyList(rest, `/apis/${version.groupVersion}`, group.name, version.version, signal),
    ),
  );
  return (await Promise.all(lists)).flat();
}

async function legacyList(
  rest: RestClient,
  path: string,
  group: string,
  version: string,
  signal: AbortSignal,
): Promise<readonly ResourceKind[]> {
  const answer = await rest.json<ApiResourceList>({ path, signal }).catch((error: unknown) => {
    // One group whose server is away must not hide all others.
    if (isStatusError(error, 'ServiceUnavailable', 'NotFound')) return { resources: [] };
    throw error;
  });
  return (answer.resources ?? [])
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => ({
      group,
      version,
      resource: resource.name,
      kind: resource.kind,
      singular: resource.singularName || resource.kind.toLowerCase(),
      shortNames: resource.shortNames ?? [],
      categories: resource.categories ?? [],
      namespaced: resource.namespaced,
      verbs: resource.verbs,
    }));
}
