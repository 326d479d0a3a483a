/**
 * The OpenAPI v3 document of one group and version, derived from the field tables.
 *
 * kubectl reads two things in it: that `patch` of a kind takes `dryRun` and `fieldValidation`
 * (before every create, apply and edit), and for `kubectl explain` the schemas and which path has which kind. Streams are in it
 * for whoever asks what there is. The document is the same, byte for byte, for the same kinds in any order.
 */
import type { ForeignSubresource } from '../../src/api/foreign-subresources.ts';
import type { KindDescription, Subresource } from '../../src/api/schema/kind.ts';
import { connectPath } from './connects.ts';
import { schemasOf } from './schemas.ts';

type DescribedKind = Pick<
  KindDescription,
  'group' | 'version' | 'kind' | 'resource' | 'namespaced' | 'verbs' | 'subresources' | 'fields'
>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/**
 * @param kinds all of one group and version
 * @param foreign what the same group and version serves of others' resources
 */
export function openApiDocument(
  kinds: readonly DescribedKind[],
  foreign: readonly ForeignSubresource[] = [],
): OpenApiDocument {
  const sorted = [...kinds].sort((a, b) => (a.resource < b.resource ? -1 : 1));
  const paths = [
    ...sorted.flatMap((kind) => Object.entries(pathsOf(kind))),
    ...foreign.flatMap((each) => Object.entries(connectPathsOf(each, [each.subresource]))),
  ];
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.35.0' },
    paths: Object.fromEntries(paths.sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas: schemasOf(sorted) },
  };
}

type Resource = Pick<KindDescription, 'group' | 'version' | 'resource' | 'namespaced'>;

function collectionOf({ group, version, resource, namespaced }: Resource): string {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespaced ? `${base}/namespaces/{namespace}/${resource}` : `${base}/${resource}`;
}

function connectPathsOf(parent: Resource, subresources: readonly Subresource[]): Record<string, unknown> {
  const paths = subresources.map(
    (each) => [`${collectionOf(parent)}/{name}/${each.name}`, connectPath(parent, each)] as const,
  );
  return Object.fromEntries(paths.filter(([, path]) => path !== undefined));
}

function pathsOf(kind: DescribedKind): Record<string, unknown> {
  const collection = collectionOf(kind);
  const item = `${collection}/{name}`;
  const ofCollection = {
    // How `kubectl explain` finds the kind of a resource.
    ...(kind.verbs.includes('list') ? { get: { ...typeOf(kind, 'list'), responses: {} } } : {}),
    ...(kind.verbs.includes('create') ? { post: operation(kind, 'post', ['fieldManager']) } : {}),
  };
  const ofItem = kind.verbs.includes('patch') ? { patch: operation(kind, 'patch', ['fieldManager', 'force']) } : {};
  return {
    ...(Object.keys(ofCollection).length > 0 ? { [collection]: ofCollection } : {}),
    ...(Object.keys(ofItem).length > 0 ? { [item]: ofItem } : {}),
    ...connectPathsOf(kind, kind.subresources),
  };
}

function typeOf({ group, kind, version }: DescribedKind, action: string): object {
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}

function operation(kind: DescribedKind, action: 'patch' | 'post', others: readonly string[]): unknown {
  const parameters = ['dryRun', ...others, 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
  return {
    parameters,
    responses: {
      200: {
        description: 'OK',
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${kind.fields.name}` } } },
      },
    },
    ...typeOf(kind, action),
  };
}
